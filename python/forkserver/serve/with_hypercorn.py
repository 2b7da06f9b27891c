"""hypercorn's server on the sockets that were passed."""

import asyncio
import signal
from typing import Any, List, Set

import hypercorn.asyncio.run
import hypercorn.config
from hypercorn.asyncio.tcp_server import TCPServer

from forkserver import worker
from forkserver.serve import options
from forkserver.serve.asgi_app import adapted, stop_accepting
from forkserver.serve.backlog import backlog
from forkserver.serve.lifeline import Lifeline, Quota

NO_LIMIT = 365 * 86400.0
SIGNALS = (signal.SIGTERM, signal.SIGINT)
PAUSE_SECONDS = 0.05  # between two looks at the connections


def make_config(settings: options.Settings, fds: List[int], queue: int) -> Any:
    config = hypercorn.config.Config()
    config.backlog = queue
    config.graceful_timeout = settings.graceful_timeout or NO_LIMIT
    if settings.access_log:
        config.accesslog = "-"
    config.errorlog = "-"
    for name, value in options.literals(settings.option).items():
        if not hasattr(config, name):
            options.fail("--option: hypercorn has no setting %s" % name)
        setattr(config, name, value)
    # It makes its own objects of the fds.
    config.bind = ["fd://%d" % fd for fd in fds]
    return config


_connections: Set["Connection"] = set()


class Connection(TCPServer):
    """hypercorn's, which it puts into no list."""

    async def run(self) -> None:
        _connections.add(self)
        try:
            await super().run()
        finally:
            _connections.discard(self)

    def end_if_silent(self) -> None:
        """Of HTTP/1.1.  Versions of hypercorn wait for ever for the second request of a connection."""
        protocol = getattr(self.protocol, "protocol", None)
        if getattr(protocol, "stream", protocol) is None:
            self.reader.feed_eof()


async def run(app: Any, settings: options.Settings, listeners: List[worker.Listener], lifeline: Lifeline) -> None:
    end = asyncio.Event()
    queue = min(backlog(each) for each in listeners)
    fds = [each.detach() for each in listeners]

    def stop() -> None:
        lifeline.stop()
        end.set()

    async def until_told() -> None:
        """It is called when everything has been started, and hypercorn's end begins when it returns."""
        lifeline.ready()
        while not end.is_set():
            lifeline.beat()
            try:
                await asyncio.wait_for(end.wait(), lifeline.idle_seconds)
            except asyncio.TimeoutError:
                pass
        await stop_accepting(fds)
        while _connections and not lifeline.has_lingered():
            lifeline.beat()
            await asyncio.sleep(PAUSE_SECONDS)
        for each in _connections:
            each.end_if_silent()

    hypercorn.asyncio.run.TCPServer = Connection
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    app = adapted(app, lifeline, Quota(settings.max_requests), stop)
    await hypercorn.asyncio.serve(app, make_config(settings, fds, queue), shutdown_trigger=until_told)


def serve(settings: options.Settings) -> int:
    listeners = options.find_sockets(settings)
    lifeline = Lifeline(settings.timeout, settings.graceful_timeout, settings.linger)
    app = options.find_app(settings.app)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # a handler must not raise while there is half a loop
    asyncio.run(run(app, settings, listeners, lifeline))
    lifeline.done()
    return 0
