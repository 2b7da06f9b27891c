"""Gives up at import what the kernel keeps for each thread, and closes what it did not open."""
import ctypes
import faulthandler
import json
import os

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_TIMERSLACK, PR_GET_TIMERSLACK = 38, 29, 30
CAPABILITY_VERSION_3 = 0x20080522


class Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class Stack(ctypes.Structure):
    _fields_ = [("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


os.close(0)
os.close(1)
os.closerange(3, 19)
faulthandler.enable()
os.nice(3)
LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
LIBC.prctl(PR_SET_TIMERSLACK, 77777, 0, 0, 0)
assert LIBC.capset(ctypes.byref(Header(CAPABILITY_VERSION_3, 0)), (ctypes.c_uint32 * 6)()) == 0


def own_file(fd):
    """With some builds of libffi every import of ctypes keeps its library open."""
    try:
        return "/libffi" in os.readlink(f"/proc/self/fd/{fd}")
    except FileNotFoundError:
        return False  # that of the listing


def report():
    stack = Stack()
    LIBC.sigaltstack(None, ctypes.byref(stack))
    with open("/proc/self/status", encoding="utf-8") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    seen = {"status": status, "alternate": bool(stack.sp), "nice": os.nice(0),
            "slack": LIBC.prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0),
            "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if not own_file(fd)),
            "targets": [os.readlink(f"/proc/self/fd/{fd}") for fd in range(3)]}
    with open(os.path.join(os.environ["PROBE_DIR"], "probe-dropped.json.new"), "w",
              encoding="utf-8") as file:
        json.dump(seen, file)
    os.rename(file.name, file.name[:-len(".new")])
