"""A request that comes from nowhere, so that the first one from a client finds a worker that has served before.

The first request of a forked worker copies the pages of all that serves it: 190 of them with gunicorn's gthread, which
is ten milliseconds or more where exceptions are slow.  Served before the worker says that it is ready, this request has
them copied while others still serve, and no client waits for it.  The application is not asked: it cannot know that a
request is none.
"""

import socket
import sys
from typing import Any, List, Tuple

from forkserver import worker

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: forkserver\r\nAccept: */*\r\nConnection: close\r\n\r\n"
NOWHERE = ("127.0.0.1", 0)
SECONDS = 5.0  # for an answer that is made of nothing


class Listener:
    """What a server looks for in a listening socket: one connection waits there, with the request in it."""

    def __init__(self) -> None:
        self.client, self.connection = socket.socketpair()
        self.client.settimeout(SECONDS)
        self.client.sendall(REQUEST)

    def accept(self) -> Tuple[socket.socket, Tuple[str, int]]:
        return self.connection, NOWHERE

    def getsockname(self) -> Tuple[str, int]:
        return NOWHERE

    def answer(self) -> bytes:
        """All of it, up to the end of the connection."""
        return b"".join(iter(lambda: self.client.recv(65536), b""))

    def close(self) -> None:
        self.client.close()
        self.connection.close()


class Log:
    """A log of gunicorn's without its access log."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def access(self, *_: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def application(_environ: Any, start_response: Any) -> List[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return [b""]


def failed(error: Exception) -> None:
    """It has been for nothing, and all goes on."""
    print("forkserver.serve: %s: no request could be rehearsed (%s: %s); the first one will take longer"
          % (worker.process() or "worker", type(error).__name__, error), file=sys.stderr)
