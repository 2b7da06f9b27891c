"""Recycling: processes that have served long enough are replaced, new ones first, and no request is lost."""
import contextlib
import http.client
import pathlib
import re
import subprocess
import threading

import pytest

from conftest import DEADLINE, builddir, free_port, interpreter, wait_until, zygotes
from supervisor_util import is_alive, wait_log, wait_running

HERE = pathlib.Path(__file__).parent / "recycle"
DONE = r"{}: recycled: (.*); pid (\d+) → (\d+), ready after"


class Rig:
    """A supervisor with one program, whose workers answer with their pid."""

    def __init__(self, supervise, directory, version):
        self.supervise, self.directory, self.version = supervise, directory, version
        self.port = free_port()

    def text(self, keys, numprocs=2):
        return f"""
[supervisord]
nodaemon = true
logfile = {self.directory}/main.log
pidfile = {self.directory}/pid
childlogdir = {self.directory}
[unix_http_server]
file = {self.directory}/s
[socket:http]
listen = tcp://127.0.0.1:{self.port}
[zygote:site]
python = {interpreter(self.version)}
path = {HERE}
preload = recycle_app
[program:web]
zygote = site
command = recycle_app:main
sockets = http
numprocs = {numprocs}
process_name = web_%(process_num)d
environment = RECYCLE_DIR="{self.directory}"
ready = notify
startretries = 0
redirect_stderr = true
stdout_logfile = {self.directory}/web_%(process_num)d.out
recycle_jitter = 0
{keys}
"""

    def start(self, keys, numprocs=2):
        self.supervisor = self.supervise(self.text(keys, numprocs))
        self.pids = [wait_running(self.supervisor, f"web_{i}") for i in range(numprocs)]

    def reload(self, keys, numprocs=2):
        (self.directory / "forkserver-0.conf").write_text(self.text(keys, numprocs))
        assert self.ctl("update").stdout == "web: updated process group\n"

    def get(self, path="/"):
        """(pid, requests that it had served before)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            assert response.status == 200
            pid, served = response.read().split()
            return int(pid), int(served)

    def recycled(self, name, count=1):
        """(why, old pid, new pid) of the count-th time."""
        found = wait_log(self.supervisor, DONE.format(name), count)[count - 1]
        return found.group(1), int(found.group(2)), int(found.group(3))

    def ctl(self, *words):
        return subprocess.run([builddir() / "forkserverctl", "-c", self.directory / "forkserver-0.conf", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)

    def metric(self, reason):
        connection = UnixConnection(self.directory / "s")
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        return [int(n) for n in re.findall(rf'restarts_total{{[^}}]*reason="{reason}"}} (\d+)', text)]

    def stop(self):
        assert self.supervisor.stop() == 0
        assert "Traceback" not in "".join(path.read_text() for path in self.directory.glob("*.out"))


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = str(path)

    def connect(self):
        import socket
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(self.path)


class Load:
    """Requests without end from several threads; each must be answered."""

    def __init__(self, rig, threads=3):
        self.rig, self.end, self.answers, self.errors = rig, threading.Event(), [], []
        self.threads = [threading.Thread(target=self.run) for _ in range(threads)]

    def run(self):
        while not self.end.is_set():
            try:
                self.answers.append(self.rig.get())
            except Exception as error:
                self.errors.append(error)
                return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end.set()
        for thread in self.threads:
            thread.join(DEADLINE)
        assert not self.errors, self.errors


@pytest.fixture
def rig(supervise, tmp_path):
    return Rig(supervise, tmp_path, sorted(zygotes())[0])


def test_max_requests_under_load(rig):
    rig.start("max_requests = 100")
    with Load(rig) as load:
        found = [rig.recycled(f"web_{i}", count) for count in (1, 2, 3) for i in range(2)]
        for why, old, new in found:
            assert re.fullmatch(r"\d+ requests are done, max_requests = 100, with jitter 100", why)
            assert old != new
        assert rig.get()
    first = [served for pid, served in load.answers if pid in rig.pids]
    assert max(first) >= 99  # it was not replaced before
    assert len({pid for pid, _ in load.answers}) >= 6
    assert rig.metric("max_requests")[0] >= 3 and rig.metric("maxage") == [0, 0]
    assert "exited:" not in rig.supervisor.output()
    wait_until(lambda: not any(is_alive(pid) for pid in rig.pids), what="the ends of the first ones")
    rig.stop()


def test_maxuss_replaces_the_one_that_grows(rig):
    rig.start("maxuss = 48MB")
    pid, _ = rig.get("/grow")
    name = f"web_{rig.pids.index(pid)}"
    why, old, new = rig.recycled(name)
    assert re.fullmatch(r"private memory of \d+\.\d MB is over maxuss = 48\.0 MB", why)
    assert old == pid and new not in rig.pids
    assert len(re.findall("recycled:", rig.supervisor.output())) == 1
    assert f"pid {(set(rig.pids) - {pid}).pop()}" in rig.ctl("status").stdout
    rig.stop()


def test_never_more_than_recycle_parallel(rig):
    rig.start("maxage = 1\nrecycle_parallel = 2", numprocs=4)
    with Load(rig, 1):
        for i in range(4):
            rig.recycled(f"web_{i}", 2)
    under_way, most = set(), 0
    for line in rig.supervisor.output().splitlines():
        begun, done = re.search(r"(\w+): pid \d+ is being replaced", line), re.search(r"(\w+): recycled", line)
        if begun:
            under_way.add(begun.group(1))
        elif done:
            under_way.remove(done.group(1))
        most = max(most, len(under_way))
    assert most == 2
    rig.stop()


def test_one_that_fails_changes_nothing(rig):
    rig.start("", numprocs=1)
    broken = rig.directory / "broken"
    broken.touch()
    rig.reload("maxage = 1", numprocs=1)
    wait_log(rig.supervisor, r"web_0: is due \(it has run .*\), but what should replace it has failed: .*"
                             rf"pid {rig.pids[0]} goes on, the next attempt is in 5 s")
    assert rig.get()[0] == rig.pids[0]
    assert "RUNNING" in rig.ctl("status", "web:web_0").stdout
    broken.unlink()
    why, old, new = rig.recycled("web_0")
    assert old == rig.pids[0] and why.startswith("it has run for")
    wait_until(lambda: rig.get()[0] == new, what="an answer of the new one")
    rig.stop()


def test_limits_change_without_a_restart(rig):
    """One that was started without a counter has one after its next start."""
    rig.start("", numprocs=1)
    for _ in range(5):
        rig.get()
    rig.reload("max_requests = 3", numprocs=1)
    assert rig.get()[0] == rig.pids[0]
    assert rig.ctl("restart", "web:web_0").returncode == 0
    pid = wait_running(rig.supervisor, "web_0", 2)
    assert [rig.get()[0] for _ in range(3)] == 3 * [pid]
    why, old, new = rig.recycled("web_0")
    assert why.startswith("3 requests") and old == pid
    rig.stop()


def test_a_program_that_is_execed_counts_too(rig):
    text = rig.text("max_requests = 4\nreplace = new_first", numprocs=1)
    package = pathlib.Path(__file__).resolve().parents[2] / "python"
    text = text.replace("zygote = site\ncommand = recycle_app:main",
                        f"command = {interpreter(rig.version)} {HERE}/recycle_app.py")
    text = text.replace("environment = ", f'environment = PYTHONPATH="{package}",')
    text = re.sub(r"\[zygote:site\](\n[^\[]*)", "", text)
    rig.supervisor = rig.supervise(text)
    pid = wait_running(rig.supervisor, "web_0")
    assert [rig.get() for _ in range(4)] == [(pid, i) for i in range(4)]
    assert rig.recycled("web_0")[1] == pid
    rig.stop()


def test_shutdown_in_the_middle(rig):
    rig.start("maxage = 1\nrecycle_parallel = 4", numprocs=4)
    wait_log(rig.supervisor, "is being replaced")
    rig.stop()
