"""forkserverctl update, told by a forkserver what it has done: only what differs."""
import json
import subprocess

import pytest

from conftest import DEADLINE, builddir, wait_until
from supervisor_util import is_alive

HEAD = """[supervisord]
logfile = {0}/main.log
pidfile = {0}/pid
childlogdir = {0}
[unix_http_server]
file = {0}/s
"""
SLEEP = "command = /bin/sleep 1000\nstartsecs = 0\n"
MANY = f"[program:many]\n{SLEEP}process_name = p%(process_num)d\nnumprocs = "
GONE, NEW, NICE = f"[program:gone]\n{SLEEP}", f"[program:new]\n{SLEEP}", f"[program:nice]\n{SLEEP}nice = "


class Daemon:
    def __init__(self, directory):
        self.directory, self.config = directory, directory / "c.conf"

    def write(self, *parts):
        self.config.write_text(HEAD.format(self.directory) + "".join(parts))

    def ctl(self, *words):
        return subprocess.run([builddir() / "forkserverctl", "-c", self.config, *words], timeout=DEADLINE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def pids(self):
        return {info["name"]: info["pid"] for info in json.loads(self.ctl("--json", "status").stdout)}


@pytest.fixture
def daemon(tmp_path):
    made = Daemon(tmp_path)
    made.write(GONE, MANY, "2\n", NICE, "1\n")
    subprocess.run([builddir() / "forkserver", "--daemon", "-c", made.config], timeout=DEADLINE, check=True,
                   stdout=subprocess.DEVNULL)
    assert made.ctl("start", "all").returncode == 0  # waits for all of them
    pid = int((tmp_path / "pid").read_text())
    yield made
    made.ctl("shutdown")
    wait_until(lambda: not is_alive(pid), what="the daemon's end")


def test_says_what_it_has_done(daemon):
    before = daemon.pids()
    daemon.write(MANY, "3\n", NICE, "2\n", NEW)
    done = daemon.ctl("update")
    assert done.returncode == 0 and sorted(done.stdout.splitlines()) == [
        "gone: removed process group", "gone: stopped", "many: updated process group", "new: added process group",
        "nice: stopped", "nice: updated process group"], done
    lines = done.stdout.splitlines()
    assert lines.index("gone: stopped") + 1 == lines.index("gone: removed process group")
    after = daemon.pids()
    assert set(after) == {"p0", "p1", "p2", "new", "nice"}
    assert (after["p0"], after["p1"]) == (before["p0"], before["p1"]) and after["nice"] != before["nice"]


def test_says_it_in_json(daemon):
    daemon.write(GONE, MANY, "1\n", NICE, "1\n")
    done = daemon.ctl("--json", "update", "many")
    assert json.loads(done.stdout) == [{"group": "many", "result": "stopped"},
                                       {"group": "many", "result": "updated process group"}]
    assert json.loads(daemon.ctl("--json", "update").stdout) == []
