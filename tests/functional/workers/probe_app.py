"""What a zygote imports in test_workers.py: state made at import, and probes that write what a worker
sees to a file.  Every probe writes to a temporary name and renames, so a reader never sees half."""
import contextvars
import decimal
import gc
import json
import os
import random
import resource
import signal
import sys
import threading
import time

IMPORT_PID = os.getpid()
local = threading.local()
local.value = "set at import"
variable = contextvars.ContextVar("variable")
variable.set("set at import")
decimal.getcontext().prec = 7


def on_usr1(number, frame):
    received.append(number)


received = []
random.random()


def write(data, name=None):
    path = os.path.join(os.environ["PROBE_DIR"], name or "probe-%d" % os.getpid())
    with open(path + ".tmp", "w") as file:
        json.dump(data, file)
    os.rename(path + ".tmp", path + ".json")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def status():
    lines = read("/proc/self/status").decode(errors="replace").splitlines()
    return dict((line.split(":", 1)[0], line.split(":", 1)[1].strip()) for line in lines)


def fds():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink("/proc/self/fd/" + name)
        except FileNotFoundError:
            pass
    return found


def limits():
    return {name: list(resource.getrlimit(getattr(resource, name)))
            for name in dir(resource) if name.startswith("RLIMIT_")}


def main_module():
    main = sys.modules["__main__"]
    return {"name": main.__name__, "file": getattr(main, "__file__", None),
            "spec": getattr(getattr(main, "__spec__", None), "name", None)}


def residue():
    """Everything about this process that a test may want to know."""
    umask = os.umask(0)
    os.umask(umask)
    return {
        "status": status(), "fds": fds(), "limits": limits(),
        "affinity": sorted(os.sched_getaffinity(0)), "nice": os.nice(0),
        "argv": sys.argv, "main": main_module(), "environment": dict(os.environ),
        "cwd": os.getcwd(), "umask": umask, "path": sys.path, "executable": sys.executable,
        "cmdline": read("/proc/self/cmdline").decode(errors="replace").split("\0"),
        "comm": read("/proc/self/comm").decode().strip(),
        "main_thread": threading.main_thread() is threading.current_thread(),
        "ident": threading.main_thread().ident == threading.get_ident(),
        "native_id": threading.main_thread().native_id == os.getpid(),
        "threads": [thread.name for thread in threading.enumerate()],
        "tasks": len(os.listdir("/proc/self/task")),
        "local": getattr(local, "value", None), "variable": variable.get(None),
        "precision": decimal.getcontext().prec, "gc": gc.isenabled(), "frozen": gc.get_freeze_count(),
        "random": [random.random() for _ in range(4)], "pid": os.getpid(), "ppid": os.getppid(),
        "import_pid": IMPORT_PID, "sid": os.getsid(0), "pgid": os.getpgid(0),
        "ignored": [number for number in range(1, 65) if number not in (32, 33)
                    and signal.getsignal(number) == signal.SIG_IGN],
    }


def wait():
    """Until a signal ends us."""
    while True:
        signal.pause()


def report():
    write(residue())
    wait()


def signals():
    """Handlers can be set in the main thread, and are called."""
    signal.signal(signal.SIGUSR1, on_usr1)
    os.kill(os.getpid(), signal.SIGUSR1)
    alarm = []
    signal.signal(signal.SIGALRM, lambda number, frame: alarm.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    while not alarm:
        time.sleep(0.01)
    write({"received": received, "wakeup": signal.set_wakeup_fd(-1)})
    wait()


def work():
    """Threads, subprocesses, multiprocessing and asyncio, all in one worker."""
    import asyncio
    import concurrent.futures
    import multiprocessing
    import subprocess
    result = {"subprocess": subprocess.check_output(["echo", "child"], text=True)}
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        result["threads"] = list(pool.map(len, ["a", "bb", "ccc"]))
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            result[method] = pool.map(abs, [-1, -2, -3])

    async def main():
        process = await asyncio.create_subprocess_exec("echo", "async",
                                                       stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        return out.decode()
    result["asyncio"] = asyncio.run(main())
    write(result)
    wait()


def recursion():
    """C recursion that is deep ends in RecursionError, not in a crash."""
    def nested(depth):
        outer = []
        for _ in range(depth):
            outer = [outer]
        return outer
    result = {"500": len(repr(nested(500)))}
    try:
        repr(nested(5000))
        result["5000"] = "no error"
    except RecursionError:
        result["5000"] = "RecursionError"

    def descend(depth):
        return depth and 1 + descend(depth - 1)
    result["python"] = descend(900)
    try:
        descend(10 ** 7)
    except RecursionError:
        result["python endless"] = "RecursionError"
    write(result)
    wait()


def finish():
    """Returns: a clean end with atexit handlers and flushed output."""
    import atexit
    atexit.register(write, {"atexit": True}, "atexit")
    print("last words")


def status_three():
    sys.exit(3)


def exception():
    raise ValueError("the worker's own")


def os_exit():
    os._exit(5)


def returns_number():
    return 6
