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


def test_reloads_that_overlap(supervise, manager, tmp_path):
    """What Type=notify-reload goes by: each RELOADING says when it was, in the same datagram and after the signal
    was sent; READY comes once, when all is over."""
    def moment_of_reload():
        sent = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        os.kill(supervisor.pid, signal.SIGHUP)
        first, moment = manager.await_line("RELOADING=1")
        assert first == "RELOADING=1"
        name, moment = moment.split("=")
        assert name == "MONOTONIC_USEC" and int(moment) >= sent
        return int(moment)

    slow = f"prestart = /bin/sh -c 'until [ -e go ]; do sleep 0.05; done'\ndirectory = {tmp_path}"
    supervisor = supervise(HEAD + sleeper("web"), env={"NOTIFY_SOCKET": manager.address})
    manager.await_line("READY=1")
    (tmp_path / "forkserver-0.conf").write_text(HEAD + sleeper("web") + sleeper("more", slow))
    moments = [moment_of_reload()]
    manager.await_line(r"STATUS=reloading: 2 processes: 1 running, 1 starting \(more\)")
    (tmp_path / "forkserver-0.conf").write_text(HEAD + sleeper("web") + sleeper("more", slow) + "nonsense\n")
    moments.append(moment_of_reload())
    manager.await_line(r"STATUS=reloading: .*; the last reload failed: .*nonsense.*")
    (tmp_path / "forkserver-0.conf").write_text(HEAD + sleeper("web") + sleeper("more", slow) + sleeper("last"))
    moments.append(moment_of_reload())
    manager.await_line(r"STATUS=reloading: 3 processes: 2 running, 1 starting \(more\)")
    assert moments == sorted(moments) and len(manager.said("READY")) == 1
    (tmp_path / "go").touch()
    assert manager.await_line("READY=1")[1] == "STATUS=3 processes: 3 running"
    assert supervisor.stop() == 0
    assert len(manager.said("READY")) == 2 and len(manager.said("RELOADING")) == 3


def test_listeners_are_stored(supervise, manager, tmp_path):
    """tests/systemd shows what becomes of them; here, that a manager without systemd's habits is told the same."""
    def hear_fd(*first):
        while True:
            data, fds, _, _ = socket.recv_fds(manager.socket, 65536, 8)
            lines = data.decode().split("\n")
            if lines[:len(first)] == list(first):
                return lines[-1], fds
            assert not fds

    manager.socket.settimeout(DEADLINE)
    text = HEAD + f"[socket:s]\nlisten = unix://{tmp_path}/s\n"
    supervisor = supervise(text + sleeper("web", "sockets = s"), env={"NOTIFY_SOCKET": manager.address, "FDSTORE": "5"})
    name, (fd,) = hear_fd("FDSTORE=1", "FDPOLL=0")
    file = os.stat(tmp_path / "s")
    assert name == f"FDNAME=forkserver-listener.{os.fstat(fd).st_ino}.{file.st_dev}.{file.st_ino}.s"
    with socket.socket(fileno=fd) as listener:
        assert listener.getsockname() == f"{tmp_path}/s"
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    (tmp_path / "forkserver-0.conf").write_text(HEAD + sleeper("web"))
    os.kill(supervisor.pid, signal.SIGHUP)
    assert hear_fd("FDSTOREREMOVE=1") == (name, [])
    (tmp_path / "forkserver-0.conf").write_text(text + sleeper("web", "sockets = s"))
    os.kill(supervisor.pid, signal.SIGHUP)
    again, (fd,) = hear_fd("FDSTORE=1", "FDPOLL=0")
    os.close(fd)
    supervisor.process.terminate()
    assert hear_fd("FDSTOREREMOVE=1") == (again, [])  # its file is gone, so it is of no use
    assert supervisor.process.wait(DEADLINE) == 0


def test_more_listeners_than_the_manager_reads(supervise, manager, tmp_path):
    """Its queue is full, since it does not read: nobody waits, and nothing is forgotten."""
    with open("/proc/sys/net/unix/max_dgram_qlen", encoding="ascii") as file:
        number = int(file.read()) + 5
    if number > 200:
        pytest.skip("the queue is too long to be filled")
    names = [f"s{index}" for index in range(number)]
    text = HEAD + "".join(f"[socket:{name}]\nlisten = unix://{tmp_path}/{name}\n" for name in names)
    supervisor = supervise(text + sleeper("web", "sockets = " + ", ".join(names)),
                           env={"NOTIFY_SOCKET": manager.address})
    supervisor.wait_for(lambda: "entered RUNNING" in supervisor.output(), "the program runs")
    manager.socket.settimeout(DEADLINE)
    stored, ready = [], False
    while len(stored) < number or not ready:
        data, fds, _, _ = socket.recv_fds(manager.socket, 65536, 8)
        lines = data.decode().split("\n")
        ready = ready or "READY=1" in lines
        if "FDSTORE=1" in lines:
            stored.append(lines[-1].rpartition(".")[2])
        for fd in fds:
            os.close(fd)
    assert sorted(stored) == sorted(names)
    manager.socket.close()
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
