"""The command lines of forkserver.serve, and the application that they name."""

import argparse
import ast
import contextlib
import copy
import importlib
import importlib.util
import io
import random
import sys
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple

from forkserver import worker

# How to find out whether a server is there, the preferred one first.
WSGI_SERVERS = {"gthread": "gunicorn", "sync": "gunicorn", "gevent": "gunicorn", "waitress": "waitress"}
ASGI_SERVERS = {"uvicorn": "uvicorn", "hypercorn": "hypercorn"}
DEFAULT_TIMEOUT = {"gthread": 30.0, "sync": 30.0, "gevent": 30.0}  # as gunicorn's; of others: none
GRACEFUL_TIMEOUT = 30.0
DEFAULT_THREADS = 4
LINGER = 2.0  # as gunicorn's keepalive


class Settings(argparse.Namespace):
    """What the command line says, defaults filled in."""

    app: str
    server: str
    threads: int
    timeout: float  # 0: none
    graceful_timeout: float  # 0: none
    linger: float
    access_log: bool
    max_requests: int  # with its jitter; 0: no limit
    socket: List[str]
    option: Dict[str, str]
    # Celery's
    pool: str
    concurrency: int
    queues: Optional[str]
    hostname: Optional[str]
    loglevel: str
    made: Any = None  # of with_gunicorn.make_ready()


def wsgi(arguments: Sequence[str]) -> Settings:
    return _find("wsgi", arguments)


def asgi(arguments: Sequence[str]) -> Settings:
    return _find("asgi", arguments)


def celery(arguments: Sequence[str]) -> Settings:
    return _find("celery", arguments)


def make_ready(kind: str, arguments: Sequence[str]) -> Optional[Settings]:
    """Reads the command line before the fork, for the function above that is called `kind` in the workers.

    None: something is wrong with it, which the worker is to say.
    """
    if kind not in _KINDS:
        return None
    quiet = io.StringIO()
    with contextlib.redirect_stderr(quiet), contextlib.redirect_stdout(quiet), contextlib.suppress(SystemExit):
        settings = _read(kind, arguments)
        _READY[(kind, *arguments)] = settings
        return settings
    return None


# ---- the parts ----


def _wsgi_parser() -> argparse.ArgumentParser:
    parser = _server_parser("wsgi", "a WSGI", WSGI_SERVERS)
    parser.add_argument("--threads", type=_count, default=DEFAULT_THREADS, metavar="N",
                        help="requests served at once by gthread and waitress (default: %(default)s)")
    return parser


def _celery_parser() -> argparse.ArgumentParser:
    parser = _parser("celery", "Run tasks of a Celery application in this process.")
    parser.add_argument("app", help="module:attribute; default of the attribute: app")
    parser.add_argument("-P", "--pool", default="solo",
                        help="solo (default): one task at a time, in this process; threads, gevent; "
                             "prefork would be a master of its own")
    parser.add_argument("-c", "--concurrency", type=_count, default=1, metavar="N",
                        help="tasks at once, where the pool allows it (default: %(default)s)")
    parser.add_argument("-Q", "--queues", metavar="NAME,...", help="take tasks from these only")
    parser.add_argument("-n", "--hostname", metavar="NAME", help="default: the name of the process, @ and the host's")
    parser.add_argument("-l", "--loglevel", default="INFO")
    _add_common(parser, "tasks")
    parser.set_defaults(graceful_timeout=0.0)
    return parser


def _parser(kind: str, text: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog="forkserver.serve:" + kind, description=text, allow_abbrev=False)


def _server_parser(kind: str, article: str, servers: Dict[str, str]) -> argparse.ArgumentParser:
    parser = _parser(kind, "Serve %s application on the sockets that the supervisor has passed." % article)
    parser.add_argument("app", help="module:attribute, or module:factory() to be called; "
                                    "default of the attribute: application")
    parser.add_argument("--server", choices=servers, help="default: the first of these that is installed")
    parser.add_argument("--socket", action="append", default=[], metavar="NAME",
                        help="serve on this [socket:NAME] only; may be repeated (default: all)")
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS",
                        help="a main loop that stands still for so long has its stacks written and its process "
                             "ended with status 1; 0: no limit (default: 30 with gunicorn's servers, else 0)")
    parser.add_argument("--linger", type=_seconds, default=LINGER, metavar="SECONDS",
                        help="so long after SIGTERM a connection that is open without a request may send another "
                             "one (default: %(default)s)")
    parser.add_argument("--access-log", action="store_true", help="a line for each request on standard output")
    _add_common(parser, "requests")
    return parser


def _add_common(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--graceful-timeout", type=_seconds, default=GRACEFUL_TIMEOUT, metavar="SECONDS",
                        help="what is in flight at SIGTERM has so long to finish; after it the stacks are written "
                             "and the exit status is 1; 0: no limit (default: %(default)s)")
    parser.add_argument("--max-requests", type=_number, default=0, metavar="N",
                        help="exit with status 0 after about so many %s, to be started anew; 0: no limit" % what)
    parser.add_argument("--max-requests-jitter", type=_number, metavar="N",
                        help="up to so many more, by chance, so that not all workers end at once "
                             "(default: a tenth)")
    parser.add_argument("--option", action=_Pairs, default={}, metavar="NAME=VALUE",
                        help="a setting of the server's own; may be repeated")


class _Pairs(argparse.Action):
    """NAME=VALUE, collected in a dict."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        name, equals, value = values.partition("=")
        if not (name and equals):
            parser.error("%s %s: NAME=VALUE is wanted" % (option_string, values))
        setattr(namespace, self.dest, {**getattr(namespace, self.dest), name.replace("-", "_"): value})


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("%s is not above 0" % text)
    return value


def _number(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("%s is below 0" % text)
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError("%s is no number of seconds" % text)
    return value


# Made before the fork, where a zygote imports this: a worker that makes its own copies the pages that doing so writes to.
_KINDS: Dict[str, Tuple[argparse.ArgumentParser, Dict[str, str]]] = {
    "wsgi": (_wsgi_parser(), WSGI_SERVERS),
    "asgi": (_server_parser("asgi", "an ASGI", ASGI_SERVERS), ASGI_SERVERS),
    "celery": (_celery_parser(), {}),
}
_READY: Dict[Tuple[str, ...], Settings] = {}


def _find(kind: str, arguments: Sequence[str]) -> Settings:
    return _add_jitter(_READY.get((kind, *arguments)) or _read(kind, arguments))


def _read(kind: str, arguments: Sequence[str]) -> Settings:
    parser, servers = _KINDS[kind]
    settings = parser.parse_args(arguments, Settings())
    return _choose_server(parser, settings, servers) if servers else settings


def _choose_server(parser: argparse.ArgumentParser, settings: Settings, servers: Dict[str, str]) -> Settings:
    if settings.server is None:
        settings.server = _first_installed(parser, servers)
    elif not _is_installed(servers[settings.server]):
        parser.error("--server %s: %s is not installed for this Python (%s)"
                     % (settings.server, servers[settings.server], sys.executable))
    if settings.timeout is None:
        settings.timeout = DEFAULT_TIMEOUT.get(settings.server, 0.0)
    return settings


def _add_jitter(settings: Settings) -> Settings:
    if not settings.max_requests:
        return settings
    jitter = settings.max_requests_jitter
    if jitter is None:
        jitter = settings.max_requests // 10
    drawn = copy.copy(settings)  # those that were made ready are for others, too
    drawn.max_requests += random.randint(0, jitter)
    return drawn


def _is_installed(package: str) -> bool:
    return package in sys.modules or importlib.util.find_spec(package) is not None


def _first_installed(parser: argparse.ArgumentParser, servers: Dict[str, str]) -> str:
    for server, package in servers.items():
        if _is_installed(package):
            return server
    parser.error("none of %s is installed for this Python (%s)"
                 % (", ".join(dict.fromkeys(servers.values())), sys.executable))


# ---- what they name ----


def fail(text: str) -> NoReturn:
    """A message for whoever reads the log, not a traceback: what is wrong is in the configuration."""
    sys.exit("forkserver.serve: %s: %s" % (worker.process() or "worker", text))


def find_app(spec: str, default: str = "application") -> Any:
    """The object that module:attribute names; "()" at its end calls it.  A module alone: its attribute `default`."""
    module_name, colon, path = spec.partition(":")
    if not colon:
        path = default
    factory = path.endswith("()")
    if factory:
        path = path[:-2]
    if not (module_name and path):
        fail("'%s': an application is named module:attribute" % spec)
    found: Any = importlib.import_module(module_name)
    for attribute in path.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError as error:
            fail("'%s': %s; an application is named module:attribute" % (spec, error))
    return found() if factory else found


def find_sockets(settings: Settings) -> List[worker.Listener]:
    """Those to serve on; at least one."""
    try:
        found = worker.sockets(*settings.socket)
    except KeyError as error:
        fail("--socket: %s" % error.args[0])
    if not found:
        fail("no socket was passed to this process; set sockets = in its [program:...] section")
    return found


def literals(option: Dict[str, str]) -> Dict[str, Any]:
    """The values as Python's literals (8, True, ['a']); what is none is a string."""
    made: Dict[str, Any] = {}
    for name, value in option.items():
        try:
            made[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            made[name] = value
    return made
