"""What this process is to the supervisor, and what it was given: sockets, names, number, generation.

Read from the environment at each call, so all of it is true for a forked worker as well, whose
environment is not the one that its modules were imported with.
"""

import fcntl
import mmap
import os
import socket
import threading
from typing import Any, Callable, Dict, List, NamedTuple, Optional

__all__ = [
    "Listener",
    "PassedFd",
    "count_with",
    "generation",
    "group",
    "number",
    "passed_fds",
    "process",
    "program",
    "request_done",
    "requests",
    "sockets",
]

LISTEN_FDS_START = 3  # sd_listen_fds(3)
COUNTER = "FORKSERVER_COUNTER"
F_GET_SEALS, F_SEAL_SHRINK = 1034, 2  # fcntl(2); Python's fcntl does not have them all


# ---- who ----


def program() -> Optional[str]:
    """The NAME of [program:NAME]; None: not under forkserver."""
    return os.environ.get("FORKSERVER_PROGRAM")


def process() -> Optional[str]:
    """The name of this process, as process_name made it; None: not supervised."""
    return os.environ.get("SUPERVISOR_PROCESS_NAME")


def group() -> Optional[str]:
    """The group that it belongs to; None: not supervised."""
    return os.environ.get("SUPERVISOR_GROUP_NAME")


def number() -> Optional[int]:
    """Its process_num among the numprocs of its program; None: not under forkserver."""
    return _integer("FORKSERVER_PROCESS_NUM")


def generation() -> Optional[int]:
    """Which generation of its zygote it comes from; None: the supervisor has not said."""
    return _integer("FORKSERVER_GENERATION")


def _integer(name: str) -> Optional[int]:
    try:
        return int(os.environ[name])
    except (KeyError, ValueError):
        return None


# ---- sockets ----


class PassedFd(NamedTuple):
    """An fd that the supervisor has passed, and the NAME of its [socket:NAME]."""

    fd: int
    name: str


def passed_fds() -> List[PassedFd]:
    """What LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID say, as sd_listen_fds_with_names(3) reads them.

    Empty where they are meant for another process, such as the parent of this one.
    """
    if _integer("LISTEN_PID") != os.getpid():
        return []
    count = _integer("LISTEN_FDS") or 0
    text = os.environ.get("LISTEN_FDNAMES", "")
    names = text.split(":") if text else []
    names += ["unknown"] * (count - len(names))
    return [PassedFd(LISTEN_FDS_START + i, names[i]) for i in range(count)]


class Listener(socket.socket):
    """A socket that the supervisor has bound, and that it and other workers have open as well.

    To close it ends no more than this worker's part in it.
    """

    def __init__(self, passed: PassedFd) -> None:
        super().__init__(fileno=passed.fd)
        self.set_inheritable(False)
        self.name = passed.name

    def listen(self, *arguments: Any) -> None:
        """Nothing: it listens already, and the length of its queue, which all share, is its section's."""
        if not self.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            super().listen(*arguments)


_opened: Dict[int, Listener] = {}


def sockets(*names: str) -> List[Listener]:
    """The sockets of these names, or all, in the order of the program's `sockets`.

    An fd has one owner, so each call returns the same objects.  KeyError for a name that there is not.
    """
    passed = passed_fds()
    for name in names:
        if name not in [each.name for each in passed]:
            has = ", ".join(each.name for each in passed) or "none"
            raise KeyError("no socket '%s' was passed to this process; it has: %s" % (name, has))
    found = []
    for each in passed:
        if each.fd not in _opened:
            _opened[each.fd] = Listener(each)
        if not names or each.name in names:
            found.append(_opened[each.fd])
    return found


# ---- requests ----

_lock = threading.Lock()
_requests = 0
_hooks: List[Callable[[int], None]] = []
_shared: Optional[memoryview] = None  # the number that the supervisor sees; None: it sees none
_looked = False  # for it


def request_done(count: int = 1) -> None:
    """A request (a task, a job) is done.  May be called from any thread.

    forkserver.serve does it for every request that it serves.  It counts in this process alone.  The
    supervisor sees the number, and replaces the process by another one after max_requests.
    """
    global _requests, _shared, _looked
    with _lock:
        _requests += count
        if not _looked:
            _looked = True
            _shared = _find_shared()
        if _shared is not None:
            _shared[0] = _requests & 0xFFFFFFFFFFFFFFFF
    for hook in _hooks:
        hook(count)


def requests() -> int:
    """How many are done in this process."""
    return _requests


def count_with(hook: Callable[[int], None]) -> None:
    """Also calls hook(count) for every request_done(count), in the same thread and outside of any lock.

    For counters that others can read: metrics, shared memory.
    """
    _hooks.append(hook)


def _find_shared() -> Optional[memoryview]:
    """What is behind FORKSERVER_COUNTER, the fd of a memfd of eight bytes; nothing else is touched."""
    fd = _integer(COUNTER)
    if fd is None:
        return None
    try:
        if not fcntl.fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK or os.fstat(fd).st_size != 8:
            return None
        os.set_inheritable(fd, False)
        return memoryview(mmap.mmap(fd, 8)).cast("Q")  # one store, so nobody sees half of it
    except (OSError, ValueError):
        return None  # passed to another process, or closed since


def _begin_in_child() -> None:
    """A forked process has done nothing yet, and whoever held the lock is not in it.

    The child of a zygote gets its environment later; that of a worker has the worker's, in which the
    counter is not the child's.
    """
    global _lock, _requests, _shared, _looked
    _lock = threading.Lock()
    _requests = 0
    _shared = None
    _looked = False
    os.environ.pop(COUNTER, None)


os.register_at_fork(after_in_child=_begin_in_child)
