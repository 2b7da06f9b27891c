"""System calls that Python has no function for.  No module of the table itself: a helper."""
import ctypes
import os
import platform

libc = ctypes.CDLL(None, use_errno=True)

# Legacy calls exist on x86-64 only; the others have one number everywhere but for x86-64.
_X86 = {
    "open": 2, "pipe": 22, "dup": 32, "dup2": 33, "socketpair": 53, "accept": 43, "clone": 56,
    "creat": 85, "epoll_create": 213, "inotify_init": 253, "eventfd": 284, "signalfd": 282,
    "dup3": 292, "recvmmsg": 299, "perf_event_open": 298, "fanotify_init": 300,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "seccomp": 317, "memfd_create": 319,
    "bpf": 321, "userfaultfd": 323,
}
_GENERIC = {
    "accept": 202, "clone": 220, "dup": 23, "dup3": 24, "recvmmsg": 243, "perf_event_open": 241,
    "socketpair": 199, "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265,
    "seccomp": 277, "memfd_create": 279, "bpf": 280, "userfaultfd": 282,
}
_BOTH = {
    "io_uring_setup": 425, "io_uring_enter": 426, "open_tree": 428, "fsopen": 430, "fsmount": 432,
    "fspick": 433, "pidfd_open": 434, "openat2": 437, "pidfd_getfd": 438,
    "landlock_create_ruleset": 444, "memfd_secret": 447,
}


class Unsupported(ImportError):
    """This kernel, machine or user cannot make the call."""


def syscall(name, *args):
    table = dict(_BOTH, **(_X86 if platform.machine() == "x86_64" else _GENERIC))
    if name not in table:
        raise Unsupported(name)
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    result = libc.syscall(ctypes.c_long(table[name]), *words)
    return check(name, result)


def check(name, result):
    if result < 0:
        error = ctypes.get_errno()
        raise Unsupported(f"{name}: {os.strerror(error)}")
    return result
