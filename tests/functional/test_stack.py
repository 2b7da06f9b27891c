"""What a worker is doing, as `forkserverctl stack` shows it."""
import os
import re
import subprocess

import pytest

from conftest import DEADLINE, VERSIONS, builddir, children, interpreter, proc_status
from supervisor_util import has_log, is_alive, wait_pid, wait_running

APPLICATION = '''
import os, threading, time

def c_call():
    time.sleep(100000)       # the line that hangs

def loop():
    number = 0
    while True:
        number += 1

def deadlock():
    lock = threading.Lock()
    with lock:
        other = threading.Thread(target=lock.acquire)
        other.start()
        other.join()

def native():
    import ctypes
    ctypes.CDLL(None).pause()

def unicode_names():
    def Öresund():
        time.sleep(100000)
    Öresund()
'''


class Rig:
    def __init__(self, supervise, directory, version, commands, keys=""):
        (directory / "stuck.py").write_text(APPLICATION, "utf-8")
        self.directory = directory
        text = f"""[supervisord]
logfile = /dev/null
pidfile = %(here)s/pid
childlogdir = %(here)s
[unix_http_server]
file = %(here)s/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[zygote:z]
python = {interpreter(version)}
path = {directory}
preload = stuck
[program:cat]
command = /bin/cat
[program:off]
command = /bin/cat
autostart = false
"""
        for name in commands:
            text += f"[program:{name}]\nzygote = z\ncommand = stuck:{name}\nstartsecs = 0\n{keys}"
        self.supervisor = supervise(text)
        for name in [*commands, "cat"]:
            wait_running(self.supervisor, name)

    def stack(self, *names):
        run = subprocess.run([builddir() / "forkserverctl", "-s", f"unix://{self.directory}/s", "stack", *names],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE)
        return run.returncode, run.stdout.decode()

    def until(self, name, pattern):
        """Its stack, once it has come to where it stays."""
        return self.supervisor.wait_for(
            lambda: found if re.search(pattern, (found := self.stack(name))[1]) else None, f"{name} in {pattern!r}")[1]


def test_stuck_in_each_way(supervise, tmp_path, version):
    """A call into C, a loop of Python, a deadlock, a wait that Python knows nothing of."""
    rig = Rig(supervise, tmp_path, version, ["c_call", "loop", "deadlock", "native"])
    pids = {name: wait_pid(rig.supervisor, name) for name in ("c_call", "loop", "deadlock", "native")}
    text = rig.until("c_call", "in c_call")
    assert f"Thread {pids['c_call']} " in text and re.search(r"in (clock_nanosleep|select|pselect6)\(\)", text)
    assert re.search(r'Traceback \(most recent call last\):\n(.*\n)*  File ".*/stuck\.py", line 5, in c_call\n'
                     r'    time\.sleep\(100000\) +# the line that hangs\n', text), text
    text = rig.until("loop", "in loop")
    assert re.search(r"line (9|10), in loop\n    (while True:|number \+= 1)\n", text), text
    assert ", running\n" in text
    text = rig.until("deadlock", r"(?s)in deadlock\n    other\.join\(\).*in (Thread\.)?run\b")
    assert len(re.findall(r"^Thread \d+ ", text, re.M)) == 2
    assert text.count("in futex()") == 2, text
    assert "in pause()" in rig.until("native", r"in native\n    ctypes\.CDLL\(None\)\.pause\(\)")
    # they were stopped for a moment only, and nobody traces them any more
    for name, pid in pids.items():
        assert is_alive(pid)
        assert proc_status(pid, "TracerPid") == "0"
        assert proc_status(pid, "State")[0] in "SR", name
    assert not has_log(rig.supervisor, "exited:")
    assert rig.supervisor.stop() == 0


def test_what_has_no_stack(supervise, tmp_path):
    rig = Rig(supervise, tmp_path, VERSIONS[0], ["unicode_names"])
    status, text = rig.stack("nix")
    assert (status, text) == (1, "nix: ERROR (no such process)\n")
    assert rig.stack("off") == (1, "off: ERROR (not running)\n")
    status, text = rig.stack("cat")
    assert status != 0 and "cat is no worker of a zygote, so its stack cannot be read" in text
    status, text = rig.stack()
    assert status == 1 and "requires a process name" in text
    assert "Öresund" in rig.until("unicode_names", "resund")
    before = children(rig.supervisor.pid)
    assert rig.stack("unicode_names", "nix")[0] == 1
    assert children(rig.supervisor.pid) == before
    assert rig.supervisor.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_of_a_worker_that_became_another_user(supervise, tmp_path, version):
    """The kernel makes it unreadable for that user; its zygote's may."""
    rig = Rig(supervise, tmp_path, version, ["c_call"], keys="user = nobody\ndirectory = /\n")
    assert proc_status(wait_pid(rig.supervisor, "c_call"), "Uid").split()[0] != "0"
    rig.until("c_call", "in c_call")
    assert rig.supervisor.stop() == 0


HANGING = '''
import os, socket, time

def say(*words):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto("\\\\n".join(words).encode(), "\\\\0" + os.environ["NOTIFY_SOCKET"][1:])

def serve():
    say("READY=1", "WATCHDOG=1")
    waits_for_nobody()

def waits_for_nobody():
    time.sleep(100000)
'''.replace("\\\\", "\\")


def test_watchdog_shows_the_stack(supervise, tmp_path, version):
    """Before a worker that hangs is ended, the log has its Python stack."""
    (tmp_path / "hanging.py").write_text(HANGING)
    supervisor = supervise(f"""[supervisord]
logfile = /dev/null
pidfile = %(here)s/pid
childlogdir = %(here)s
[zygote:z]
python = {interpreter(version)}
path = {tmp_path}
preload = hanging
[program:web]
zygote = z
command = hanging:serve
ready = notify
watchdogsecs = 1
stopwaitsecs = 5
""")
    pid = wait_pid(supervisor, "web")
    wait_running(supervisor, "web", 2)
    assert not is_alive(pid)
    log = [line.split(" ", 2)[2] for line in supervisor.output().splitlines() if re.search(" (web: |exited: web)", line)]
    begin = log.index("ERRO web: unhealthy: no WATCHDOG=1 for 1 s (watchdogsecs)")
    end = next(number for number, line in enumerate(log) if line.startswith("WARN exited: web "))
    said = "\n".join(log[begin:end])
    assert re.search(rf'WARN web: \| Thread {pid} .* in \w+\(\).*\n'
                     r'WARN web: \| Traceback \(most recent call last\):\n'
                     r'(.*\n)*WARN web: \|   File ".*/hanging\.py", line 13, in waits_for_nobody\n'
                     r'WARN web: \|     time\.sleep\(100000\)\n'
                     rf'WARN web: stopping pid {pid} with SIGTERM', said), said
    assert supervisor.stop() == 0
