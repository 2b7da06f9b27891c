"""gunicorn's worker classes without its arbiter.

A worker of gunicorn's is a complete server: listening sockets, an application and settings are all
that it gets from the arbiter.  Here it gets them from us.  What the arbiter would do besides, to
start, watch and stop it, the supervisor does.
"""

import concurrent.futures.thread  # noqa: F401  its package imports it at the first use only: in each worker
import contextlib
import functools
import importlib
import io
import logging
import os
import selectors
import socket
import sys
import threading
from typing import Any, Dict, Iterator, List, Sequence, Type

import gunicorn.app.base
import gunicorn.config
import gunicorn.glogging  # noqa: F401  the default of logger_class: by that name each worker would import it for itself
from gunicorn.workers import SUPPORTED_WORKERS

from forkserver import worker
from forkserver.serve import options, rehearsal
from forkserver.serve.lifeline import Lifeline, Quota


# Ninety objects of as many classes.  Made here, before the fork, they are shared; a worker that made its own would
# copy the pages of all those classes: about one in seven of all that its start copies.
DEFAULTS = [gunicorn.config.Config()]


class Application(gunicorn.app.base.BaseApplication):
    """Settings and application, as a worker of gunicorn's asks for them."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        self._app: Any = None
        self._settings = settings
        super().__init__()

    def load_default_config(self) -> None:
        if not DEFAULTS:  # the second application of a process
            super().load_default_config()
            return
        self.cfg = DEFAULTS.pop()

    def serve(self, app: Any) -> None:
        """In the worker that it may have been made for before the fork."""
        self._app = app
        # The defaults are who imported gunicorn, which may be a zygote of another user; we are who we are to be.
        for name, value in (("user", os.geteuid()), ("group", os.getegid())):
            if name not in self._settings and self.cfg.settings[name].get() != value:
                self.cfg.set(name, value)
        self.cfg.prog, self.cfg.env_orig = os.path.basename(sys.argv[0]), os.environ

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
        if listener.family in (socket.AF_INET, socket.AF_INET6):
            # As gunicorn's own; connections inherit it.  Head and body are written one after the other, and on
            # a connection that stays open the second would wait for a late ACK: 40 ms for each answer.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)

    def __str__(self) -> str:
        return "%s %s" % (self.sock.name, self.sock.getsockname())


class Adapted:
    """Put before a worker class of gunicorn's: what it tells its arbiter goes to the supervisor."""

    lifeline: Lifeline
    passed: List["Socket"]
    sockets: List[Any]
    alive: bool
    PIPE: Sequence[int]
    cfg: Any
    log: Any
    nr: int  # requests served
    wsgi: Any
    rehearses: bool
    rehearsing = False

    def finish(self) -> None:
        """It has served enough.  May be called from any thread."""
        self.lifeline.stop()
        self.alive = False

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
        self.rehearse()
        self.lifeline.ready()
        super().run()  # type: ignore[misc]

    def rehearse(self) -> None:
        """Nobody but this object learns of it: neither the application, nor the access log, nor whoever counts."""
        if not self.rehearses or self.cfg.is_ssl:
            return
        served, application, log = self.nr, self.wsgi, self.log
        self.rehearsing, self.nr, self.wsgi, self.log = True, -1, rehearsal.application, rehearsal.Log(log)
        listener = rehearsal.Listener()
        try:
            self.take(listener)
            listener.answer()
        except Exception as error:
            rehearsal.failed(error)
            self.forget(listener)
        finally:
            listener.close()
            self.rehearsing, self.nr, self.wsgi, self.log = False, served, application, log

    def take(self, listener: rehearsal.Listener) -> None:
        """Serve the connection that waits there."""
        self.handle(listener, *listener.accept())  # type: ignore[attr-defined]

    def forget(self, listener: rehearsal.Listener) -> None:
        """It has not been served, and never will be."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.lifeline.stop()
        super().handle_exit(sig, frame)  # type: ignore[misc]

    def handle_quit(self, sig: int, frame: Any) -> None:
        self.lifeline.stop()
        super().handle_quit(sig, frame)  # type: ignore[misc]


class AdaptedThreads(Adapted):
    """gthread drops its silent connections when it ends, whether or not a request is on its way.

    So its main loop goes on, without listeners, until there are none left, or they have had their time.
    """

    poller: selectors.BaseSelector
    nr_conns: int
    _keep: Sequence[Any]  # silent connections

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.accepting = True
        self.busy, self.busy_lock = 0, threading.Lock()  # connections that threads have

    def finish(self) -> None:
        self.lifeline.stop()
        self.wake()

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.lifeline.stop()  # a signal wakes the main loop by itself

    def take(self, listener: rehearsal.Listener) -> None:
        self.accept(listener.getsockname(), listener)  # type: ignore[attr-defined]
        # Versions from 21 on wait in their main loop for the request before they hand it to a thread.
        waiting = self.poller.get_map().get(listener.connection)
        if waiting:
            waiting.data(waiting.fileobj)

    def forget(self, listener: rehearsal.Listener) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.poller.unregister(listener.connection)
        self.nr_conns = self.busy = 0

    def wake(self) -> None:
        try:
            os.write(self.PIPE[1], b".")
        except BlockingIOError:
            pass  # it is full, so there is enough to wake up for

    def notify(self) -> None:
        """The main loop calls it each time that it turns."""
        super().notify()
        if not self.lifeline.stopping:
            return
        if self.accepting:
            self.accepting = False
            for each in self.sockets:
                self.poller.unregister(each)
                each.close()
        if not self.busy and (not self._keep or self.lifeline.has_lingered()):
            self.alive = False
            self.wake()  # this turn of the loop would wait a second for connections

    def enqueue_req(self, conn: Any) -> None:
        self.count(1)
        try:
            super().enqueue_req(conn)  # type: ignore[misc]
        except BaseException:
            self.count(-1)
            raise

    def finish_request(self, future: Any) -> None:
        try:
            super().finish_request(future)  # type: ignore[misc]
        finally:  # now it is closed, or among the silent ones
            self.count(-1)
            if self.lifeline.stopping:
                self.wake()

    def count(self, more: int) -> None:
        with self.busy_lock:
            self.busy += more


class AdaptedNewerThreads(Adapted):
    """A gthread whose main loop does what the threads of others do, and that serves silent connections to their end."""

    def rehearse(self) -> None:
        pass  # there is no way in but by that loop


class AdaptedGreenlets(Adapted):
    """gevent's waits for silent connections as long as `keepalive` says, which may be longer than the end may take."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.silent: Dict[Any, Any] = {}  # {greenlet of a connection: the Timeout that it waits with}

    @contextlib.contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """The wait of a connection for its next request."""
        import gevent

        with super().timeout_ctx() as timeout:  # type: ignore[misc]
            self.silent[gevent.getcurrent()] = timeout
            try:
                yield
            finally:
                del self.silent[gevent.getcurrent()]

    def notify(self) -> None:
        """The main loop calls it every second."""
        super().notify()
        if self.lifeline.has_lingered():
            import gevent

            for greenlet, timeout in self.silent.items():
                gevent.kill(greenlet, timeout, block=False)


@functools.lru_cache(maxsize=None)
def worker_class(name: str) -> Any:
    """sync, gthread or gevent, adapted."""
    module, _, attribute = SUPPORTED_WORKERS[name].rpartition(".")
    base = getattr(importlib.import_module(module), attribute)
    adapted: Type[Adapted] = Adapted
    if name == "gthread":
        adapted = AdaptedThreads if hasattr(base, "_wrap_future") else AdaptedNewerThreads
    if name == "gevent":
        adapted = AdaptedGreenlets
    return type("Adapted" + attribute, (adapted, base), {})


SHARED_CLASSES = ("gthread", "sync")  # gevent's are not touched before its monkey patching

for each in SHARED_CLASSES:  # before the fork, as DEFAULTS
    worker_class(each)


def last_answers(app: Any, lifeline: Lifeline) -> Any:
    """A WSGI application around another: when the end has begun, its answers are the last on their connections.

    gunicorn looks before it calls the application, which may take its time.
    """

    def call(environ: Any, start_response: Any) -> Any:
        def start(*arguments: Any) -> Any:
            if lifeline.stopping:
                start_response.__self__.force_close()
            return start_response(*arguments)

        return app(environ, start)

    return call


def make_settings(settings: options.Settings, quota: Quota) -> Dict[str, Any]:
    def post_request(self: Any, req: Any, environ: Any, resp: Any) -> None:
        if not self.rehearsing and quota.done():
            self.finish()

    return {
        "worker_class": settings.server,
        "threads": settings.threads if settings.server == "gthread" else 1,
        # There may be others beside this one: applications are told so (wsgi.multiprocess), and gevent
        # leaves them a share of the connections that wait.
        "workers": 2,
        "timeout": int(settings.timeout),
        # 0 would be no time at all
        "graceful_timeout": int(settings.graceful_timeout) or 365 * 86400,
        "accesslog": "-" if settings.access_log else None,
        "post_request": post_request,
        **settings.option,
    }


class Made:
    """What all workers of a command make alike, and none of it is open."""

    def __init__(self, settings: options.Settings) -> None:
        self.quota = Quota(settings.max_requests)
        self.application = Application(make_settings(settings, self.quota))
        self.log: Any = None
        self.loggers: List[Any] = []

    def make_log(self) -> None:
        """Loggers and handlers belong to the process: where commands differ, each worker makes its own."""
        cfg = self.application.cfg
        if cfg.errorlog == "-" and cfg.accesslog in (None, "-"):  # others are opened
            self.log = gunicorn.glogging.Logger(cfg)
            self.loggers = look_at_loggers()

    def find_log(self) -> Any:
        """In the worker, when the application has been imported: it may have reconfigured all loggers there were."""
        if self.log and look_at_loggers() == self.loggers:
            return self.log
        for name in LOGGERS:
            logging.getLogger(name).disabled = False
        cfg = self.application.cfg
        return cfg.logger_class(cfg)


LOGGERS = ("gunicorn.error", "gunicorn.access")
# Options that neither import nor look up nor open anything when they are set, nor change what a log is: numbers.
PLAIN_OPTIONS = {each.name for each in gunicorn.config.KNOWN_SETTINGS if each.type is int}
MADE: List[Made] = []


def look_at_loggers() -> List[Any]:
    loggers = map(logging.getLogger, LOGGERS)
    return [(each.disabled, each.level, each.propagate, list(each.handlers)) for each in loggers]


def make_ready(settings: options.Settings) -> None:
    """Before the fork: see forkserver.serve.make_ready()."""
    if not PLAIN_OPTIONS.issuperset(settings.option):
        return
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(SystemExit):  # the worker is to say it
        settings.made = Made(settings)
    if not settings.made:
        return
    MADE.append(settings.made)
    if len(MADE) == 1:
        settings.made.make_log()
    else:
        MADE[0].log = None


def make_worker(settings: options.Settings, listeners: List[worker.Listener]) -> Any:
    lifeline = Lifeline(settings.timeout, settings.graceful_timeout, settings.linger)
    cls = worker_class(settings.server)
    passed = [Socket(each) for each in listeners]
    if settings.server == "gevent":
        from forkserver.serve import patch_gevent  # noqa: F401  before the application is imported
    app = last_answers(options.find_app(settings.app), lifeline)
    made = settings.made or Made(settings)
    made.quota.limit = settings.max_requests
    made.application.serve(app)
    cfg = made.application.cfg
    log = made.find_log()
    # sync waits so long for a connection before it says that it is alive
    serving = cls(1, os.getppid(), list(passed), made.application, lifeline.idle_seconds, cfg, log)
    serving.lifeline, serving.passed, serving.pid = lifeline, passed, os.getpid()
    # Somebody's own hook would take a rehearsal for a request.
    serving.rehearses = not {"pre_request", "post_request"}.intersection(settings.option)
    return serving


def serve(settings: options.Settings) -> int:
    serving = make_worker(settings, options.find_sockets(settings))
    try:
        serving.init_process()  # returns when it has been told to end
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    finally:
        serving.lifeline.done()
    return 0
