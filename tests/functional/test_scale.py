"""forkserverctl scale: another number of processes, and only the difference is started or stopped."""
import json
import subprocess

import pytest

from conftest import DEADLINE, builddir, wait_until
from supervisor_util import is_alive, wait_log

HEAD = """[supervisord]
nodaemon = true
logfile = {0}/main.log
pidfile = {0}/pid
childlogdir = {0}
[unix_http_server]
file = {0}/s
"""
SLEEP = "command = /bin/sleep 1000\nstartsecs = 0\n"
WEB = f"[program:web]\n{SLEEP}process_name = web_%(process_num)d\nnumprocs = "
ONE = f"[program:one]\n{SLEEP}"


class Rig:
    def __init__(self, supervise, directory):
        self.directory, self.config = directory, directory / "forkserver-0.conf"
        self.supervise = supervise

    def start(self, *parts):
        self.supervisor = self.supervise(HEAD.format(self.directory) + "".join(parts))
        wait_log(self.supervisor, "entered RUNNING")

    def write(self, *parts):
        self.config.write_text(HEAD.format(self.directory) + "".join(parts))

    def ctl(self, *words):
        return subprocess.run([builddir() / "forkserverctl", "-c", self.config, *words], timeout=DEADLINE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def scale(self, *words):
        done = self.ctl("scale", *words)
        assert done.returncode == 0, done
        return done.stdout.strip()

    def pids(self):
        """Of what runs."""
        status = json.loads(self.ctl("--json", "status").stdout)
        return {info["name"]: info["pid"] for info in status if info["pid"]}


@pytest.fixture
def rig(supervise, tmp_path):
    return Rig(supervise, tmp_path)


def test_only_the_difference(rig):
    rig.start(WEB, "2\n", ONE)
    wait_until(lambda: len(rig.pids()) == 3, what="all three")
    before = rig.pids()
    assert rig.scale("web") == "web: 2 processes (numprocs = 2)"
    assert rig.scale("web", "4") == "web: 4 processes, before 2 (numprocs = 2)"
    wait_until(lambda: len(rig.pids()) == 5, what="two more")
    after = rig.pids()
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"web_2", "web_3"}
    # the highest numbers go first; it is over when they are gone
    assert rig.scale("web:web", "1") == "web: 1 processes, before 4 (numprocs = 2)"
    assert rig.pids() == {"web_0": before["web_0"], "one": before["one"]}
    assert not is_alive(after["web_3"])
    assert rig.scale("web", "0") == "web: 0 processes, before 1 (numprocs = 2)"
    assert rig.pids() == {"one": before["one"]}
    assert rig.scale("web", "2") == "web: 2 processes, before 0 (numprocs = 2)"
    wait_until(lambda: len(rig.pids()) == 3, what="two again")
    assert json.loads(rig.ctl("--json", "scale", "web").stdout) == [
        {"group": "web", "program": "web", "before": 2, "now": 2, "numprocs": 2}]
    assert rig.supervisor.stop() == 0


def test_lasts_until_numprocs_is_another_one(rig):
    rig.start(WEB, "2\n", ONE)
    rig.scale("web", "3")
    wait_until(lambda: len(rig.pids()) == 4, what="one more")
    before = rig.pids()
    assert rig.ctl("update").stdout == ""
    rig.write(WEB, "2\n", ONE, "priority = 5\n")  # something else
    assert rig.ctl("update").stdout == "one: updated process group\n"
    assert rig.pids() == before and rig.scale("web") == "web: 3 processes (numprocs = 2)"
    rig.write(WEB, "1\n", ONE, "priority = 5\n")
    assert rig.ctl("update").stdout.splitlines() == ["web: stopped", "web: updated process group"]
    assert rig.pids() == {"web_0": before["web_0"], "one": before["one"]}
    assert rig.scale("web") == "web: 1 processes (numprocs = 1)"
    assert "numprocs is 1 now, so it is not scaled to 3 any more" in rig.supervisor.output()
    assert rig.supervisor.stop() == 0


def test_does_not_read_the_file(rig):
    """Somebody may be in the middle of editing it."""
    rig.start(WEB, "1\n", ONE)
    rig.write(WEB.replace("1000", "2000"), "1\n", "[program:two]\n")  # it has no command
    assert rig.scale("web", "2") == "web: 2 processes, before 1 (numprocs = 1)"
    wait_until(lambda: set(rig.pids()) == {"web_0", "web_1", "one"}, what="one more")
    assert rig.supervisor.stop() == 0


@pytest.mark.parametrize("words, says", [
    (("none", "1"), "ERROR: no such program: none"),
    (("web:none", "1"), "ERROR: no such program: web:none"),
    (("twice", "1"), "ERROR: FAILED: twice is in more than one group; name one, such as "),
    (("web", "1025"), "ERROR: FAILED: 1025 processes of web are too many: 0 to 1024"),
    (("web", "-1"), "Error: scale requires a program and a number"),
    (("web", "x"), "Error: scale requires a program and a number"),
    ((), "Error: scale requires a program name"),
    (("one", "2"), "%(process_num) must be present within process_name"),
    (("ears", "2"), "only a [program:*] can"),
])
def test_refused(rig, words, says):
    rig.start(WEB, "1\n", ONE, "[eventlistener:ears]\ncommand = /bin/cat\nevents = TICK_3600\n",
              f"[program:twice]\n{SLEEP}[group:a]\nprograms = twice\n[group:b]\nprograms = twice\n")
    done = rig.ctl("scale", *words)
    assert done.returncode != 0 and says in done.stdout, done
    assert rig.scale("web") == "web: 1 processes (numprocs = 1)"
    assert rig.supervisor.stop() == 0
