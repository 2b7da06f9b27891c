"""Imports modules with a plain interpreter, each in a process of its own, and prints as JSON what
each leaves behind, as /proc shows it: the oracle that the table of leaks is checked against.

Usage: python plainrun.py MODULE…    (with the leaks' directory on PYTHONPATH)
Standard library only; runs on 3.9 and later.
"""
import ctypes
import importlib.util
import json
import os
import signal
import sys
import threading
import time
import traceback

PR_SET_CHILD_SUBREAPER = 36


def fds():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink("/proc/self/fd/" + name)
        except FileNotFoundError:
            pass  # the directory that was being listed
    return found


def locks(fd):
    with open("/proc/self/fdinfo/%d" % fd) as file:
        return sum(line.startswith("lock:") for line in file)


def children():
    found = []
    for task in os.listdir("/proc/self/task"):
        with open("/proc/self/task/%s/children" % task) as file:
            found += file.read().split()
    return found


def shared_mappings():
    with open("/proc/self/maps") as file:
        return sum(line.split()[1] == "rw-s" for line in file)


def others():
    """{thread: (its state, how often it has gone to sleep)} of all threads but this one."""
    found = {}
    for task in set(os.listdir("/proc/self/task")) - {str(threading.get_native_id())}:
        try:
            with open("/proc/self/task/%s/status" % task) as file:
                fields = dict(line.split(":", 1) for line in file)
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[task] = fields["State"].split()[0], int(fields["voluntary_ctxt_switches"])
    return found


def settle():
    """A thread that was joined may still be on its way out of the kernel, or waits for the GIL to end, which we have
    while we look: waits until every other thread sleeps, and has not moved while the GIL was there to take."""
    end = time.monotonic() + 30
    before = None
    while time.monotonic() < end:
        now = others()
        if now == before and all(state == "S" for state, _ in now.values()):
            return
        before = now
        time.sleep(0.002 if now else 0)


def snapshot():
    settle()
    return {"fds": fds(), "threads": len(os.listdir("/proc/self/task")), "children": children(),
            "mappings": shared_mappings()}


def kill_tree():
    for task in os.listdir("/proc/self/task"):
        with open("/proc/self/task/%s/children" % task) as file:
            for pid in file.read().split():
                os.kill(int(pid), signal.SIGKILL)
    # Grandchildren come to us as the subreaper, until there are none.
    try:
        while True:
            os.waitpid(-1, 0)
            for pid in children():
                os.kill(int(pid), signal.SIGKILL)
    except ChildProcessError:
        pass


def observe(name):
    before = snapshot()
    try:
        importlib.import_module(name)
    except ImportError as error:
        if type(error).__name__ == "Unsupported" or "# NEEDS probe" in source(name):
            return {"unsupported": str(error)}
        raise
    except (OSError, PermissionError) as error:
        if "# NEEDS probe" in source(name):
            return {"unsupported": str(error)}
        raise
    after = snapshot()
    new = {fd: target for fd, target in after["fds"].items()
           if before["fds"].get(fd) != target and fd > 2}
    return {"fds": new, "threads": after["threads"] - before["threads"],
            "processes": len(after["children"]) - len(before["children"]),
            "mappings": after["mappings"] - before["mappings"],
            "locks": sum(locks(fd) for fd in new)}


def source(name):
    with open(importlib.util.find_spec(name).origin, encoding="utf-8") as file:
        return file.read()


def in_child(name):
    """Runs observe() in a fork; its result comes by a pipe."""
    r, w = os.pipe()
    pid = os.fork()
    if pid:
        os.close(w)
        with os.fdopen(r) as pipe:
            text = pipe.read()
        os.waitpid(pid, 0)
        return json.loads(text) if text else {"error": "died"}
    importer = os.getpid()
    try:
        os.close(r)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.close(null)
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            result = observe(name)
        except BaseException:
            result = {"error": traceback.format_exc()}
        if os.getpid() == importer:
            kill_tree()
            os.write(w, json.dumps(result).encode())
    finally:
        os._exit(0)


def main():
    sys.dont_write_bytecode = True
    import random  # noqa: F401  what many modules import is no part of any leak
    assert threading.active_count() == 1
    json.dump({name: in_child(name) for name in sys.argv[1:]}, sys.stdout)


main()
