"""scale = ondemand: the first connection starts a process and is not lost; who has nothing to do is stopped."""
import contextlib
import http.client
import pathlib
import re
import subprocess
import threading

import pytest

from conftest import DEADLINE, builddir, free_port, interpreter, zygotes
from supervisor_util import pids, programs, wait_log

HERE = pathlib.Path(__file__).parent / "recycle"
ASLEEP = "asleep until a connection comes"


class Rig:
    def __init__(self, supervise, directory, version):
        self.supervise, self.directory, self.version = supervise, directory, version
        self.port = free_port()

    def text(self, keys, numprocs, scale="ondemand"):
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
redirect_stderr = true
stdout_logfile = {self.directory}/web_%(process_num)d.out
scale = {scale}
{keys}
"""

    def start(self, keys="", numprocs=2):
        self.supervisor = self.supervise(self.text(keys, numprocs))
        wait_log(self.supervisor, "zygote 'site': ready")
        self.wait_status(*numprocs * [ASLEEP])

    def update(self, keys, numprocs=2, scale="ondemand"):
        (self.directory / "forkserver-0.conf").write_text(self.text(keys, numprocs, scale))
        assert self.ctl("update").stdout == "web: updated process group\n"

    def ctl(self, *words):
        return subprocess.run([builddir() / "forkserverctl", "-c", self.directory / "forkserver-0.conf", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)

    def status(self):
        return self.ctl("status").stdout.splitlines()

    def wait_status(self, *patterns):
        def look():
            lines = self.status()
            return len(lines) == len(patterns) and all(map(re.search, patterns, lines))

        self.supervisor.wait_for(look, f"a status like {patterns}, not {self.status()}")

    def get(self, path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            assert response.status == 200
            return int(response.read().split()[0])

    def stop(self):
        assert self.supervisor.stop() == 0


@pytest.fixture
def rig(supervise, tmp_path):
    return Rig(supervise, tmp_path, sorted(zygotes())[0])


def test_the_first_connection_starts_one(rig):
    rig.start()
    assert pids(rig.supervisor, "web_0") == []
    pid = rig.get()
    assert pids(rig.supervisor, "web_0") == [pid]
    assert "web_0: a connection waits, so it is started" in rig.supervisor.output()
    assert rig.get() == pid
    rig.wait_status("RUNNING", ASLEEP)
    rig.stop()


def test_idle_ones_are_stopped_and_come_again(rig):
    rig.start("idlesecs = 1", numprocs=1)
    first = rig.get()
    wait_log(rig.supervisor, r"web_0: has served nobody for 1 s \(idlesecs\)")
    rig.wait_status(ASLEEP)
    second = rig.get()
    assert second != first
    # a connection that comes while it is being stopped waits, and is answered by the next one
    for _ in range(3):
        count = len(re.findall("has served nobody", rig.supervisor.output()))
        wait_log(rig.supervisor, "has served nobody", count + 1)
        assert rig.get()
    rig.stop()


def test_one_more_for_those_who_wait(rig):
    """One that is busy does not accept: /hold answers when there is a file `go`."""
    rig.start()
    holder = threading.Thread(target=rig.get, args=("/hold",))
    holder.start()
    rig.supervisor.wait_file(rig.directory / "held")
    other = rig.get()
    assert "web_1: connections wait, so it is started" in rig.supervisor.output()
    assert pids(rig.supervisor, "web_1") == [other]
    (rig.directory / "go").touch()
    holder.join(DEADLINE)
    rig.stop()


def test_by_hand(rig):
    rig.start(numprocs=1)
    assert rig.ctl("start", "web:web_0").stdout == "web:web_0: started\n"
    pid = rig.get()
    assert rig.ctl("stop", "web:web_0").stdout == "web:web_0: stopped\n"
    rig.wait_status(r"STOPPED   (?!asleep)")
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=DEADLINE)
    with contextlib.closing(connection):
        connection.request("GET", "/")  # nobody is started for it
        assert rig.ctl("start", "web:web_0").returncode == 0
        assert int(connection.getresponse().read().split()[0]) != pid
    rig.stop()


def test_asleep_can_be_put_out_of_service(rig):
    rig.start(numprocs=1)
    assert rig.ctl("stop", "web:web_0").stdout == "web:web_0: stopped\n"
    rig.wait_status(r"STOPPED   Not started")
    rig.stop()


def test_changes_while_it_runs(rig):
    rig.start()
    rig.update("", scale="static")
    rig.wait_status("RUNNING", "RUNNING")
    rig.update("idlesecs = 1000")
    assert len(programs(rig.supervisor.pid)) == 3  # the zygote and both
    rig.stop()


def test_sleepers_after_a_reload(rig):
    """They have the new code when they wake up."""
    rig.start()
    pid = rig.get()
    assert rig.ctl("reload", "web").returncode == 0
    rig.wait_status("RUNNING", ASLEEP)
    assert rig.get() != pid
    rig.stop()
