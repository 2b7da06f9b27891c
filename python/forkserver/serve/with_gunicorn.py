"""gunicorn's worker classes without its arbiter.

A worker of gunicorn's is a complete server: listening sockets, an application and settings are all
that it gets from the arbiter.  Here it gets them from us.  What the arbiter would do besides, to
start, watch and stop it, the supervisor does.
"""

import importlib
import os
import selectors
from typing import Any, Dict, List, Sequence

import gunicorn.app.base
import gunicorn.glogging  # noqa: F401  the default of logger_class: by that name each worker would import it for itself
from gunicorn.workers import SUPPORTED_WORKERS

from forkserver import worker
from forkserver.serve import options
from forkserver.serve.lifeline import Lifeline, Quota


class Application(gunicorn.app.base.BaseApplication):
    """Settings and application, as a worker of gunicorn's asks for them."""

    def __init__(self, app: Any, settings: Dict[str, Any]) -> None:
        self._app, self._settings = app, settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app


class Socket:
    """A listener with the two attributes that gunicorn's own sockets have besides a socket's.

    Its own are not used: they call listen(2) again, and so change the queue that all workers share.
    """

    def __init__(self, listener: worker.Listener) -> None:
        self.sock, self.FAMILY = listener, listener.family

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)

    def __str__(self) -> str:
        return "%s %s" % (self.sock.name, self.sock.getsockname())


class Adapted:
    """Put before a worker class of gunicorn's: what it tells its arbiter goes to the supervisor."""

    lifeline: Lifeline
    passed: List["Socket"]
    sockets: List[Any]
    PIPE: Sequence[int]

    def notify(self) -> None:
        self.lifeline.beat()
        super().notify()  # type: ignore[misc]

    def run(self) -> None:
        if self.sockets[0] is not self.passed[0]:  # gevent has made its own objects of the fds
            for each in self.passed:
                each.sock.detach()
        poller = getattr(self, "poller", None)
        if isinstance(poller, selectors.BaseSelector):
            # Where signals are written to (set_wakeup_fd): gthread looks for its end only after a wait.
            poller.register(self.PIPE[0], selectors.EVENT_READ, lambda fd: os.read(fd, 4096))
        self.lifeline.ready()
        super().run()  # type: ignore[misc]

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.lifeline.stop()
        super().handle_exit(sig, frame)  # type: ignore[misc]

    def handle_quit(self, sig: int, frame: Any) -> None:
        self.lifeline.stop()
        super().handle_quit(sig, frame)  # type: ignore[misc]


def worker_class(name: str) -> Any:
    """sync, gthread or gevent, adapted."""
    module, _, attribute = SUPPORTED_WORKERS[name].rpartition(".")
    base = getattr(importlib.import_module(module), attribute)
    return type("Adapted" + attribute, (Adapted, base), {})


def make_settings(settings: options.Settings, lifeline: Lifeline, quota: Quota) -> Dict[str, Any]:
    def post_request(self: Any, req: Any, environ: Any, resp: Any) -> None:
        quota.done()
        if not self.alive:  # it has served enough
            lifeline.stop()

    return {
        "worker_class": settings.server,
        "threads": settings.threads if settings.server == "gthread" else 1,
        "timeout": int(settings.timeout),
        # 0 would be no time at all
        "graceful_timeout": int(settings.graceful_timeout) or 365 * 86400,
        "max_requests": settings.max_requests,
        "accesslog": "-" if settings.access_log else None,
        "post_request": post_request,
        **settings.option,
    }


def make_worker(settings: options.Settings, listeners: List[worker.Listener]) -> Any:
    lifeline = Lifeline(settings.timeout, settings.graceful_timeout)
    cls = worker_class(settings.server)
    cls.lifeline, cls.passed = lifeline, [Socket(each) for each in listeners]
    if settings.server == "gevent":
        from forkserver.serve import patch_gevent  # noqa: F401  before the application is imported
    application = Application(
        options.find_app(settings.app), make_settings(settings, lifeline, Quota(settings.max_requests))
    )
    cfg = application.cfg
    log = cfg.logger_class(cfg)
    # sync waits so long for a connection before it says that it is alive
    made = cls(1, os.getppid(), list(cls.passed), application, lifeline.idle_seconds, cfg, log)
    made.pid = os.getpid()
    return made


def serve(settings: options.Settings) -> int:
    made = make_worker(settings, options.find_sockets(settings))
    try:
        made.init_process()  # returns when it has been told to end
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    finally:
        made.lifeline.done()
    return 0
