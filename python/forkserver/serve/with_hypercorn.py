"""hypercorn's server on the sockets that were passed."""

import asyncio
import signal
from typing import Any, List

import hypercorn.asyncio
import hypercorn.config

from forkserver import worker
from forkserver.serve import options
from forkserver.serve.asgi_app import counted
from forkserver.serve.backlog import backlog
from forkserver.serve.lifeline import Lifeline, Quota

NO_LIMIT = 365 * 86400.0


def make_config(settings: options.Settings, listeners: List[worker.Listener]) -> Any:
    config = hypercorn.config.Config()
    config.backlog = min(backlog(each) for each in listeners)
    config.graceful_timeout = settings.graceful_timeout or NO_LIMIT
    if settings.access_log:
        config.accesslog = "-"
    config.errorlog = "-"
    for name, value in options.literals(settings.option).items():
        if not hasattr(config, name):
            options.fail("--option: hypercorn has no setting %s" % name)
        setattr(config, name, value)
    # It makes its own objects of the fds.
    config.bind = ["fd://%d" % each.detach() for each in listeners]
    return config


async def run(app: Any, settings: options.Settings, listeners: List[worker.Listener], lifeline: Lifeline) -> None:
    end = asyncio.Event()

    def stop() -> None:
        lifeline.stop()
        end.set()

    async def until_told() -> None:
        """It is called when everything has been started."""
        lifeline.ready()
        while not end.is_set():
            lifeline.beat()
            try:
                await asyncio.wait_for(end.wait(), lifeline.idle_seconds)
            except asyncio.TimeoutError:
                pass

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    app = counted(app, Quota(settings.max_requests), stop)
    await hypercorn.asyncio.serve(app, make_config(settings, listeners), shutdown_trigger=until_told)


def serve(settings: options.Settings) -> int:
    listeners = options.find_sockets(settings)
    lifeline = Lifeline(settings.timeout, settings.graceful_timeout)
    asyncio.run(run(options.find_app(settings.app), settings, listeners, lifeline))
    lifeline.done()
    return 0
