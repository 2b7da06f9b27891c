"""Helpers of the supervisor's tests: programs that tell what they were given, the log, processes."""
import json
import os
import re
import signal

from conftest import children, proc_status, wait_until

PYTHON = "/usr/bin/python3"

# Tells what it was given, into the file named by its first argument, and then waits.
PROBE = """
import json, os, signal, sys
def fds():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink("/proc/self/fd/" + name)
        except FileNotFoundError:  # the directory itself
            pass
    return found
mask = os.umask(0)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
told = {"argv": sys.argv, "environ": dict(os.environ), "cwd": os.getcwd(), "umask": mask,
        "pid": os.getpid(), "ppid": os.getppid(), "pgrp": os.getpgrp(), "uid": os.getuid(),
        "fds": fds(), "name": __name__,
        "blocked": int(status["SigBlk"], 16), "ignored": int(status["SigIgn"], 16)}
with open(sys.argv[1] + ".tmp", "w") as file:
    json.dump(told, file)
os.rename(sys.argv[1] + ".tmp", sys.argv[1])
while True:
    signal.pause()
"""


def probe(directory):
    """The command line of a probe that writes into DIRECTORY/told."""
    script = directory / "probe.py"
    script.write_text(PROBE)
    return f"{script} {directory / 'told'}"


def told(supervisor, directory):
    return json.loads(supervisor.wait_file(directory / "told"))


def wait_log(supervisor, pattern, count=1):
    """Waits until the log has so many lines that match; returns the matches."""
    expression = re.compile(pattern)

    def look():
        found = [match for line in supervisor.output().splitlines()
                 if (match := expression.search(line))]
        return found if len(found) >= count else None

    return supervisor.wait_for(look, f"no {count} lines like {pattern!r}")


def has_log(supervisor, pattern):
    return re.search(pattern, supervisor.output()) is not None


def pids(supervisor, name):
    """Every pid that a process was spawned with, oldest first."""
    found = re.findall(rf"spawned: '{re.escape(name)}' with pid (\d+)", supervisor.output())
    return [int(pid) for pid in found]


def wait_pid(supervisor, name, count=1):
    """The pid of the count-th spawn of a process."""
    wait_log(supervisor, rf"spawned: '{re.escape(name)}' with pid", count)
    return pids(supervisor, name)[count - 1]


def wait_running(supervisor, name, count=1):
    wait_log(supervisor, rf"success: {re.escape(name)} entered RUNNING", count)
    return pids(supervisor, name)[-1]


def is_alive(pid):
    """The first thread may have ended while others have not, and then the files are still open."""
    state = proc_status(pid, "State")
    return state is not None and (not state.startswith("Z") or int(proc_status(pid, "Threads") or 1) > 1)


def programs(pid):
    """The children of a supervisor but its own helpers: logger, control."""
    return [child for child in children(pid)
            if not (proc_status(child, "Name") or "").startswith("forkserver-")]


def logger_pid(supervisor, count=1):
    """The pid of the count-th logger."""
    found = wait_log(supervisor, r"logger: started with pid (\d+)", count)
    return int(found[count - 1].group(1))


def zombies(pid):
    return [child for child in children(pid)
            if (proc_status(child, "State") or "").startswith("Z")]


def open_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def settled_fds(supervisor):
    """open_fds() when its start is over.  Until the logger has taken the main log (of these tests, /dev/null) the
    supervisor has that file open itself, and programs may run before."""
    def look():
        place = f"/proc/{supervisor.pid}/fd"
        names = os.listdir(place)
        try:
            own = [os.readlink(f"{place}/{name}") for name in names if int(name) > 2]
        except FileNotFoundError:  # closed meanwhile
            return None
        return None if "/dev/null" in own else len(names)

    return supervisor.wait_for(look, "the main log is still the supervisor's")


def kill(pid):
    """Returns when it is dead: until then it could still accept a connection."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), what=f"the death of {pid}")
