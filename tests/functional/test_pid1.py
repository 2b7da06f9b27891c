"""As PID 1 of a container: signals, orphans, the end of everything."""
import os
import signal
import subprocess

import pytest

from conftest import children, proc_status, wait_until
from supervisor_util import has_log, is_alive, wait_log, wait_running, zombies

HEAD = """[supervisord]
logfile = /dev/null
childlogdir = %(here)s
loglevel = debug
"""
UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def may_unshare():
    try:
        return subprocess.run([*UNSHARE, "true"], stderr=subprocess.DEVNULL,
                              timeout=60).returncode == 0
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not may_unshare(), reason="no PID namespace can be made here")


@pytest.fixture
def as_pid1(supervise, monkeypatch):
    """as_pid1(text): the supervisor and, from outside, its pid."""
    def start(text):
        wrapper = os.environ.get("FORKSERVER_WRAPPER", "")
        monkeypatch.setenv("FORKSERVER_WRAPPER", " ".join([*UNSHARE, wrapper]))
        supervisor = supervise(text)
        wait_log(supervisor, "supervisord started with pid 1$")
        return supervisor, children(supervisor.pid)[0]
    return start


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_stops_as_asked(as_pid1, signum):
    supervisor, pid1 = as_pid1(HEAD + """
[program:s]
command = /bin/sleep 1000
startsecs = 0
""")
    wait_running(supervisor, "s")
    os.kill(pid1, signum)
    assert supervisor.process.wait(60) == 0
    assert has_log(supervisor, f"received {signal.Signals(signum).name} indicating exit request")
    assert has_log(supervisor, r"stopped: s \(terminated by SIGTERM\)")


def test_the_status_of_an_essential_program_is_the_containers(as_pid1):
    supervisor, _ = as_pid1(HEAD + """
[program:main]
command = /bin/sh -c "sleep 0.2; exit 42"
startsecs = 0
autorestart = false
essential = true
[program:other]
command = /bin/sleep 1000
""")
    assert supervisor.process.wait(60) == 42


def others(pid1):
    """Its children without its own parts."""
    return [pid for pid in children(pid1)
            if not (proc_status(pid, "Name") or "").startswith("forkserver-")]


def namespace_pid(pid):
    return int(proc_status(pid, "NSpid").split()[-1])


ORPHANS = """
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
read, write = os.pipe()
if os.fork() == 0:
    os.close(write)
    for _ in range(int(sys.argv[2])):
        if os.fork() == 0:
            os.read(read, 1)
            os._exit(7)
    os._exit(0)
os.wait()
with open(sys.argv[1] + ".tmp", "w") as file:
    file.write(open("/proc/self/stat").read().split()[0])
os.rename(sys.argv[1] + ".tmp", sys.argv[1])
signal.sigwait({signal.SIGUSR1})
os.close(write)
signal.pause()
"""


def test_orphans_are_buried(as_pid1, tmp_path):
    """Two thousand that die in the same moment."""
    number = 2000
    (tmp_path / "orphans.py").write_text(ORPHANS)
    supervisor, pid1 = as_pid1(HEAD + f"""
[program:parent]
command = /usr/bin/python3 {tmp_path}/orphans.py {tmp_path}/ready {number}
startsecs = 0
""")
    inside = int(supervisor.wait_file(tmp_path / "ready"))
    wait_until(lambda: len(children(pid1)) > number, what="orphans of PID 1")
    parent = next(pid for pid in others(pid1) if namespace_pid(pid) == inside)
    os.kill(parent, signal.SIGUSR1)
    wait_until(lambda: others(pid1) == [parent], what="the burial of the orphans")
    wait_log(supervisor, "reaped unknown pid", number)
    assert not zombies(pid1)
    os.kill(pid1, signal.SIGTERM)
    assert supervisor.process.wait(60) == 0


def test_what_is_left_dies_with_it(as_pid1, tmp_path):
    """A daemon that a program has left behind: PID 1's end is the namespace's."""
    supervisor, pid1 = as_pid1(HEAD + """
[program:parent]
command = /bin/sh -c "setsid sleep 1000 & sleep 0.1; exit 0"
startsecs = 0
autorestart = false
""")
    wait_log(supervisor, "exited: parent")
    orphan, = wait_until(lambda: others(pid1), what="the orphan")
    assert proc_status(orphan, "Name") == "sleep"
    os.kill(pid1, signal.SIGTERM)
    assert supervisor.process.wait(60) == 0
    wait_until(lambda: not is_alive(orphan), what="the end of the orphan")
