"""No request fails while workers are replaced: on connections that stay open, on one for each request, and on one that
was open but silent when its worker was told to end.  How long it takes: tests/bench/bench_reload.py"""
import contextlib
import http.client
import json
import os
import signal
import threading

import pytest

from conftest import DEADLINE, wait_until
from supervisor_util import is_alive
from test_serve import ASGI, WSGI, listens, serve, site  # noqa: F401  a fixture

# Those that keep connections after the answer, and the setting that says for how long.
KEEPS = {"gthread": "keepalive", "gevent": "keepalive", "waitress": "channel_timeout",
         "uvicorn": "timeout_keep_alive", "hypercorn": "keep_alive_timeout"}
CLIENTS = 4
REPLACEMENTS = 4


class Client(threading.Thread):
    """One request after the other, each of them checked, until it is told to end.

    Like any client it opens a new connection when the server has said that it closes the old one, and asks nothing
    twice: a connection that ends without a word costs a request.
    """

    def __init__(self, port, keep):
        super().__init__()
        self.port, self.keep, self.end = port, keep, threading.Event()
        self.answers, self.failures = [], []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        while not (self.end.is_set() or self.failures):
            try:
                self.answers.append(ask(connection, {} if self.keep else {"Connection": "close"})[0])
            except Exception as error:  # shown by the assertion
                self.failures.append(f"request {len(self.answers) + 1}: {error!r}")
        connection.close()


def ask(connection, headers=None):
    """(the pid that has answered, whether it closes the connection)"""
    connection.request("GET", "/", headers=headers or {})
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, body
    return json.loads(body)["pid"], response.will_close


def told_to_end(site, pid, server):  # noqa: F811
    """SIGTERM, until nothing new is accepted."""
    os.kill(pid, signal.SIGTERM)
    site.notifications.wait("STOPPING=1", pid)
    if server != "hypercorn":  # accepts nothing more, but has its listeners until its own end
        wait_until(lambda: not listens(pid, site.ports["http"]), what="the end of accepting")


@pytest.mark.parametrize("server", WSGI + ASGI)
def test_replacements(site, server):  # noqa: F811
    """Each worker is replaced several times while clients ask as fast as they can."""
    serve(site, server)
    clients = [Client(site.ports["http"], keep) for keep in [True, False] * (CLIENTS // 2)]
    for client in clients:
        client.start()
    try:
        pids, count = list(site.pids), len(site.notifications.seen)
        for number in range(REPLACEMENTS):
            old = pids[number % 2]
            before = [len(client.answers) for client in clients]
            os.kill(old, signal.SIGTERM)
            pids[number % 2], _ = site.notifications.wait("READY=1", after=count)
            count = len(site.notifications.seen)
            wait_until(lambda: any(client.failures for client in clients) or  # noqa: B023
                       all(len(client.answers) > least for client, least in zip(clients, before)),  # noqa: B023
                       what="answers")
    finally:
        for client in clients:
            client.end.set()
        for client in clients:
            client.join(DEADLINE)
    assert [client.failures for client in clients] == [[]] * len(clients), site.log()
    answered = {pid for client in clients for pid in client.answers}
    assert len(answered) > 2 and not any(is_alive(pid) for pid in answered - set(pids))
    site.stop()


@pytest.mark.parametrize("server", KEEPS)
def test_a_silent_connection(site, server):  # noqa: F811
    """What comes on it after the end has begun is answered, and that it is the last is said."""
    serve(site, server, f"--linger 100 --graceful-timeout 0 --option {KEEPS[server]}=100", numprocs=1)
    connection = http.client.HTTPConnection("127.0.0.1", site.ports["http"], timeout=DEADLINE)
    pid, closes = ask(connection)
    assert (pid, closes) == (site.pids[0], False)
    told_to_end(site, pid, server)
    assert ask(connection) == (pid, True)
    connection.close()
    site.wait_log(r"exited: web_0 \(exit status 0; expected\)")
    site.stop()


@pytest.mark.parametrize("server", WSGI + ASGI)
def test_the_first_request_comes_late(site, server):  # noqa: F811
    """A connection that was accepted before the end has begun, without a request yet."""
    keep = f"--option {KEEPS[server]}=100" if server in KEEPS else ""
    serve(site, server, f"--linger 100 --graceful-timeout 0 {keep}", numprocs=1)
    connection = http.client.HTTPConnection("127.0.0.1", site.ports["http"], timeout=DEADLINE)
    connection.connect()
    peer = connection.sock.getsockname()[1]
    wait_until(lambda: accepted(site.pids[0], peer), what="the connection to be accepted")
    os.kill(site.pids[0], signal.SIGTERM)
    if server != "sync":  # which waits for its one connection, and lets no signal disturb that
        site.notifications.wait("STOPPING=1", site.pids[0])
    assert ask(connection) == (site.pids[0], True)
    connection.close()
    site.wait_log(r"exited: web_0 \(exit status 0; expected\)")
    site.stop()


def accepted(pid, peer):
    """Whether a process has the other end of a connection open."""
    with open("/proc/net/tcp") as file:
        lines = [line.split() for line in list(file)[1:]]
    inodes = {f"socket:[{fields[9]}]" for fields in lines if int(fields[2].split(":")[1], 16) == peer}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(f"/proc/{pid}/fd/{fd}") in inodes:
                return True
    return False


@pytest.mark.parametrize("server", KEEPS)
def test_nothing_more_comes(site, server):  # noqa: F811
    """A silent connection does not hold a worker for longer than it should."""
    serve(site, server, f"--linger 0.5 --graceful-timeout 60 --option {KEEPS[server]}=100", numprocs=1)
    connection = http.client.HTTPConnection("127.0.0.1", site.ports["http"], timeout=DEADLINE)
    pid, _ = ask(connection)
    told_to_end(site, pid, server)
    site.wait_log(r"exited: web_0 \(exit status 0; expected\)")
    assert connection.sock.recv(1) == b""
    connection.close()
    site.stop()


@pytest.mark.parametrize("server", KEEPS)
def test_max_requests_with_connections_that_stay(site, server):  # noqa: F811
    """A worker that has served enough asks its clients to go elsewhere."""
    serve(site, server, f"--max-requests 3 --max-requests-jitter 0 --linger 100 --graceful-timeout 0 "
                        f"--option {KEEPS[server]}=100")
    connections = [http.client.HTTPConnection("127.0.0.1", site.ports["http"], timeout=DEADLINE) for _ in range(4)]
    seen = set()

    def ask_all():
        seen.update(ask(connection)[0] for connection in connections)
        return len(seen) >= 4

    wait_until(ask_all, what="a second generation of workers")
    for connection in connections:
        connection.close()
    assert site.supervisor.stop() == 0
