"""uvicorn's server on the sockets that were passed."""

import asyncio
import inspect
import signal
from typing import Any, Dict, List, Optional

import uvicorn

from forkserver import worker
from forkserver.serve import options
from forkserver.serve.asgi_app import adapted, stop_accepting
from forkserver.serve.backlog import backlog
from forkserver.serve.lifeline import Lifeline, Quota

STARTUP_FAILED = 3  # as uvicorn's own exit status
PAUSE_SECONDS = 0.05  # between two looks at the connections


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, lifeline: Lifeline, quota: Quota) -> None:
        super().__init__(config)
        self.lifeline, self.quota = lifeline, quota

    async def startup(self, sockets: Optional[List[Any]] = None) -> None:
        if self.lifeline.stopping:
            return  # nothing has been begun
        await super().startup(sockets=sockets)
        if self.started and self.should_exit:
            await self.shutdown(sockets=sockets)  # uvicorn takes this for a failed start, and would not
        elif self.started:
            self.lifeline.ready()

    async def on_tick(self, counter: int) -> bool:
        """uvicorn's main loop calls it ten times a second."""
        self.lifeline.beat()
        return await super().on_tick(counter) or self.quota.is_used_up()

    def handle_exit(self, sig: Any, frame: Any) -> None:
        self.lifeline.stop()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: Optional[List[Any]] = None) -> None:
        self.lifeline.stop()
        await stop_accepting(each.fileno() for each in sockets or [])
        for server in self.servers:
            server.close()
        # uvicorn's own closes connections that have no request now.
        while self.server_state.connections and not self.lifeline.has_lingered():
            self.lifeline.beat()
            await asyncio.sleep(PAUSE_SECONDS)
        await super().shutdown(sockets=sockets)


def make_config(app: Any, settings: options.Settings, listeners: List[worker.Listener]) -> uvicorn.Config:
    keywords: Dict[str, Any] = {
        "access_log": settings.access_log,
        "backlog": min(backlog(each) for each in listeners),
        **options.literals(settings.option),
    }
    # Ours is there too, but uvicorn's still cancels tasks and tells the application.
    if settings.graceful_timeout and "timeout_graceful_shutdown" in inspect.signature(uvicorn.Config).parameters:
        keywords.setdefault("timeout_graceful_shutdown", max(1, int(settings.graceful_timeout) - 1))
    try:
        return uvicorn.Config(app, **keywords)
    except TypeError as error:
        options.fail("--option: uvicorn: %s" % error)


def serve(settings: options.Settings) -> int:
    listeners = options.find_sockets(settings)
    lifeline = Lifeline(settings.timeout, settings.graceful_timeout, settings.linger)
    quota = Quota(settings.max_requests)
    app = adapted(options.find_app(settings.app), lifeline, quota)
    server = Server(make_config(app, settings, listeners), lifeline, quota)
    # Until uvicorn sets its own.  Newer versions put these back at the end and raise the signal again;
    # the default one would make our exit a death.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    server.run(sockets=listeners)
    failed = not (server.started or lifeline.stopping)
    lifeline.done()
    return STARTUP_FAILED if failed else 0
