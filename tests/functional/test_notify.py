"""What a service manager hears: sd_notify(3)'s protocol, with a socket of the test's in the manager's
place.  tests/systemd shows what a real systemd makes of it."""
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from conftest import DEADLINE, builddir

HEAD = """[supervisord]
logfile = /dev/null
pidfile = %(here)s/forkserver.pid
childlogdir = %(here)s
[unix_http_server]
file = %(here)s/control.sock
"""


def sleeper(name, more=""):
    return f"[program:{name}]\ncommand = /bin/sleep 1000\nstartsecs = 0\n{more}\n"


class Manager:
    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address[0] == "@" else address)
        self.address = address
        self.heard = []  # every datagram, as a list of its lines

    def hear(self, deadline=DEADLINE):
        self.socket.settimeout(deadline)
        datagram = self.socket.recv(65536).decode().split("\n")
        self.heard.append(datagram)
        return datagram

    def await_line(self, pattern):
        """The datagram that has such a line."""
        end = time.monotonic() + DEADLINE
        while True:
            datagram = self.hear(max(end - time.monotonic(), 0.001))
            if any(re.fullmatch(pattern, line) for line in datagram):
                return datagram

    def said(self, name):
        return [line for datagram in self.heard for line in datagram if line.startswith(name + "=")]


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    manager = Manager(str(tmp_path / "notify") if request.param == "path" else f"@forkserver-test-{os.getpid()}")
    yield manager
    manager.socket.close()


def test_life(supervise, manager, tmp_path):
    text = HEAD + sleeper("web", "prestart = /bin/sh -c 'until [ -e go ]; do sleep 0.05; done'\n"
                                 f"directory = {tmp_path}")
    supervisor = supervise(text, env={"NOTIFY_SOCKET": manager.address})
    manager.await_line(r"STATUS=starting: 1 process: 1 starting \(web\)")
    assert not manager.said("READY")
    (tmp_path / "go").touch()
    assert manager.await_line("READY=1") == ["READY=1", "STATUS=1 process: 1 running"]
    assert not manager.said("MAINPID") and not manager.said("WATCHDOG")
    supervisor.process.terminate()
    manager.await_line("STOPPING=1")
    assert supervisor.stop() == 0
    assert len(manager.said("READY")) == 1


def test_reload_good_and_bad(supervise, manager, tmp_path):
    supervisor = supervise(HEAD + sleeper("web"), env={"NOTIFY_SOCKET": manager.address})
    manager.await_line("READY=1")
    config = tmp_path / "forkserver-0.conf"
    config.write_text(HEAD + sleeper("web") + sleeper("more"))
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    os.kill(supervisor.pid, signal.SIGHUP)
    begin, moment = manager.await_line("RELOADING=1")
    assert begin == "RELOADING=1"
    assert before <= int(moment.removeprefix("MONOTONIC_USEC="))
    assert manager.await_line("READY=1")[1] == "STATUS=2 processes: 2 running"
    config.write_text(HEAD + "nonsense\n")
    os.kill(supervisor.pid, signal.SIGHUP)
    manager.await_line("RELOADING=1")
    status = manager.await_line("READY=1")[1]
    assert status.startswith("STATUS=2 processes: 2 running; the last reload failed: ") and "nonsense" in status
    assert supervisor.stop() == 0


def test_restart_by_control(supervise, manager, tmp_path):
    """`forkserverctl reload` stops all and begins again: the unit is reloading, and does not end."""
    supervisor = supervise(HEAD + sleeper("web"), env={"NOTIFY_SOCKET": manager.address})
    manager.await_line("READY=1")
    ctl = [str(builddir() / "forkserverctl"), "-s", f"unix://{tmp_path}/control.sock", "reload"]
    supervisor.wait_for((tmp_path / "control.sock").exists, "the control socket")
    assert subprocess.run(ctl, stdout=subprocess.DEVNULL, timeout=DEADLINE, check=False).returncode == 0
    manager.await_line("RELOADING=1")
    assert manager.await_line("READY=1")[1] == "STATUS=1 process: 1 running"
    assert not manager.said("STOPPING")
    assert supervisor.stop() == 0


def test_watchdog_is_the_main_loop(supervise, manager):
    """It is fed while the loop turns, and not by anything else."""
    supervisor = supervise(HEAD + sleeper("web"),
                           env={"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "400000"})
    for _ in range(5):
        manager.await_line("WATCHDOG=1")
    os.kill(supervisor.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, supervisor.pid, os.WSTOPPED | os.WNOWAIT)
    manager.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:  # what was sent before
            manager.socket.recv(65536)
    with pytest.raises(TimeoutError):
        manager.hear(2.0)
    os.kill(supervisor.pid, signal.SIGCONT)
    manager.await_line("WATCHDOG=1")
    assert supervisor.stop() == 0


def test_watchdog_of_somebody_else(supervise, manager):
    supervisor = supervise(HEAD + sleeper("web"), env={"NOTIFY_SOCKET": manager.address,
                                                       "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
    manager.await_line("READY=1")
    assert supervisor.stop() == 0
    assert not manager.said("WATCHDOG")


def test_manager_that_is_gone(supervise, tmp_path):
    supervisor = supervise(HEAD + sleeper("web"), env={"NOTIFY_SOCKET": str(tmp_path / "nobody"),
                                                       "WATCHDOG_USEC": "100000"})
    supervisor.wait_for(lambda: "entered RUNNING" in supervisor.output(), "the program runs")
    assert supervisor.stop() == 0
