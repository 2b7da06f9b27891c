"""The independent reading: what /proc shows of this process when the import is done.  Called as the
warm-up callable, so it runs in the audited process itself; writes JSON to $CORPUS_PROBE."""
import json
import os
import time


def fds():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink("/proc/self/fd/" + name)
        except FileNotFoundError:
            pass  # the directory that was listed
    return found


def threads():
    found = {}
    for task in os.listdir("/proc/self/task"):
        try:
            with open("/proc/self/task/%s/comm" % task) as file:
                found[task] = file.read().strip()
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def tracer():
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("TracerPid:"):
                return line.split()[1]


def children():
    """Children but the tracer, by pid."""
    found = {}
    for task in os.listdir("/proc/self/task"):
        try:
            with open("/proc/self/task/%s/children" % task) as file:
                for pid in file.read().split():
                    with open("/proc/%s/comm" % pid) as comm:
                        found[pid] = comm.read().strip()
        except (FileNotFoundError, ProcessLookupError):
            pass
    found.pop(tracer(), None)
    return found


def reading():
    return {"pid": os.getpid(), "fds": fds(), "threads": threads(), "children": children()}


def dump():
    """Reads until two readings agree: a thread that was joined is on its way out for a moment."""
    end = time.monotonic() + 5
    last = reading()
    while True:
        time.sleep(0.02)
        now = reading()
        if now == last or time.monotonic() > end:
            break
        last = now
    now["settled"] = now == last
    path = os.environ["CORPUS_PROBE"]
    with open(path + ".tmp", "w") as file:
        json.dump(now, file)
    os.rename(path + ".tmp", path)
