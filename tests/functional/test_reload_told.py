"""What forkserverctl, XML-RPC, JSON and metrics tell of reloads."""
import json
import os
import pty
import re
import signal
import subprocess
import time
import urllib.parse
import xmlrpc.client

import pytest

from conftest import DEADLINE, children, proc_status
from reload_util import rig  # a fixture
from supervisor_util import wait_log

# ---------------------------------------------------------------- forkserverctl

def test_history(rig):
    rig.start()
    assert rig.ctl("history").stdout == ""
    rig.reload()
    rig.release("bad", at_import="import no_such_module")
    rig.reload(expect="refused")
    lines = rig.ctl("history").stdout.splitlines()
    assert lines[0].split() == "ID TIME NAME CAUSE GENERATION OUTCOME SECONDS WHY".split() and len(lines) == 3
    assert re.fullmatch(r" +1  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  shop  reload +2  done +[\d.]+", lines[1]), lines
    assert re.fullmatch(r" +2  .* shop  reload +3  refused +[\d.]+  the application failed to import: .*no_such_module'",
                        lines[2]), lines
    shown = rig.ctl("history", "1").stdout
    assert re.match(r"reload 1 of shop: done\ncause: reload\nbegun: \d{4}-.*\ngeneration: 2, after 1\ntime: [\d.]+ s, of which the "
                    r"import [\d.]+ s\naudit: clean\n  web:web_0: replaced, pid \d+ → \d+, ready in [\d.]+ s\n  web:web_1: ", shown), shown
    for word in ("3", "0", "-1", "x", "99999999999"):
        done = rig.ctl("history", word)
        assert (done.returncode, done.stdout) == (1, f"{word}: ERROR (no such reload)\n")
    told = json.loads(rig.ctl("--json", "history").stdout)
    assert [each["outcome"] for each in told] == ["done", "refused"] and len(told[0]["slots"]) == 2
    assert json.loads(rig.ctl("--json", "history", "2").stdout) == [told[1]]
    rig.stop()


def test_ctl_json_and_no_wait(rig):
    rig.start()
    done = rig.ctl("--json", "reload", "shop")
    rollout, = json.loads(done.stdout)
    assert done.returncode == 0 and rollout["outcome"] == "done" and rollout["generation"] == 2
    assert "generation 2 serves" in done.stderr
    done = rig.ctl("reload", "shop", "--no-wait")
    assert (done.returncode, done.stdout) == (0, "2\n")
    rig.ended(2)
    assert json.loads(rig.ctl("--json", "deploy", "shop", "--no-wait").stdout) == [{"id": 3}]
    rig.ended(3)
    done = rig.ctl("reload", "nix", "shop")
    assert done.returncode == 1 and done.stdout.startswith("nix: ERROR (no such zygote or program)\n")
    assert "generation 5 serves" in done.stdout
    rig.write(keys="numprocs = x")
    done = rig.ctl("reload", "shop")
    assert done.returncode == 1 and done.stdout.startswith("ERROR: CANT_REREAD: ") and "numprocs" in done.stdout
    rig.stop()


def test_ctl_interrupted(rig):
    """^C ends the watching, not the reload."""
    rig.start()
    rig.release("two", at_import="wait_for('go')")
    with subprocess.Popen(rig.words("reload", "shop"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as ctl:
        assert ctl.stdout.readline() == "shop: generation 2: importing\n"
        ctl.send_signal(signal.SIGINT)
        assert ctl.stdout.read() == 'stopped watching; reload 1 goes on: "history 1" tells how it ends\n'
    assert ctl.returncode == 1
    rig.touch("go")
    rig.ended(1)
    rig.stop()


class Terminal:
    """forkserverctl on a terminal."""

    def __init__(self, rig, *words):
        self.text = ""
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(rig.words()[0], rig.words(*words))
        self.pid = pid

    def read(self, until=None):
        """Until something is there, or the end."""
        end = time.monotonic() + DEADLINE
        while until is None or not re.search(until, self.text):
            assert time.monotonic() < end, self.text
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # EIO: the end of a terminal
                data = b""
            if not data:
                assert until is None, self.text
                break
            self.text += data.decode()
        return self.text

    def status(self):
        self.read()
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_ctl_on_a_terminal(rig):
    rig.start()
    rig.release("two", at_import="wait_for('imported')",
                before_ready="wait_for('ready_' + os.environ['SUPERVISOR_PROCESS_NAME'])")
    terminal = Terminal(rig, "reload", "shop")
    terminal.read(r"shop: generation 2: importing\r\n\r\x1b\[Kshop: generation 2: importing, [\d.]+ s"
                  r"\r\x1b\[Kshop: generation 2: importing, ")  # the line is written again
    rig.touch("imported")
    terminal.read(r"\r\x1b\[Kshop: generation 2: rolling, 0 of 2, web:web_0 pid \d+( → \d+)?, [\d.]+ s")
    rig.touch("ready_web_0")
    terminal.read(r"\r\x1b\[Kshop: web:web_0: pid \d+ → \d+, ready in [\d.]+ s\r\n")
    terminal.read(r"\r\x1b\[Kshop: generation 2: rolling, 1 of 2, web:web_1 pid ")
    rig.touch("ready_web_1")
    assert terminal.status() == 0
    assert re.search(r"\r\x1b\[Kshop: web:web_1: [^\r]*\r\n"
                     r"shop: generation 2 serves, 2 processes replaced in [\d.]+ s, audit clean\r\n$", terminal.text), terminal.text
    rig.stop()


def test_ctl_meets_a_new_control_process(rig):
    """The control process dies while somebody watches: it is asked again."""
    rig.start()
    rig.release("two", at_import="wait_for('go')")
    with subprocess.Popen(rig.words("reload", "shop"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as ctl:
        assert ctl.stdout.readline() == "shop: generation 2: importing\n"
        control, = [pid for pid in children(rig.supervisor.pid)
                    if (proc_status(pid, "Name") or "").startswith("forkserver-cont")]  # 15 characters are kept
        os.kill(control, signal.SIGKILL)
        wait_log(rig.supervisor, r"control: exited: .*, a new one is started")
        rig.touch("go")
        assert "shop: generation 2 serves" in ctl.stdout.read()
    assert ctl.returncode == 0
    rig.stop()


def test_completion(rig):
    pexpect = pytest.importorskip("pexpect")
    rig.start()
    words = rig.words()
    shell = pexpect.spawn(words[0], words[1:], encoding="utf-8", timeout=DEADLINE, env={**os.environ, "TERM": "dumb"})
    shell.expect("> ")
    shell.send("deploy sh\t--no-wait\r")
    shell.expect(r"\n1\r")
    shell.send("reload w\t--no-wait\r")
    shell.expect(r"\n2\r")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 0
    assert rig.rpc.history()[0]["cause"] == "deploy"
    rig.ended(2)
    rig.stop()


# ---------------------------------------------------------------- XML-RPC, JSON, metrics

def test_xml_rpc(rig):
    rig.start()
    rollout = rig.reload()
    assert list(rollout) == ["id", "is_program", "name", "cause", "phase", "outcome", "generation", "before", "start", "seconds",
                             "import_seconds", "audit", "why", "slots"]
    assert abs(rollout["start"] - time.time()) < DEADLINE and 0 < rollout["import_seconds"] < rollout["seconds"] < DEADLINE
    assert (rollout["before"], rollout["generation"], rollout["why"], rollout["audit"]) == (1, 2, "", "clean")
    for slot, pid in zip(rollout["slots"], rig.pids()):
        assert slot["state"] == "replaced" and 0 < slot["seconds"] < DEADLINE and slot["from_pid"] and not slot["why"]
    assert sorted(slot["to_pid"] for slot in rollout["slots"]) == rig.pids()
    assert rig.rpc.history() == [rollout]
    assert [(each["name"], each["state"], each["generation"], each["workers"], each["audit"]) for each in rig.rpc.zygotes()] == [
        ("shop", "READY", 2, 2, "clean")]
    for number in (0, -1, 2, 2 ** 31 - 1):
        with pytest.raises(xmlrpc.client.Fault, match=f"BAD_NAME: {number}"):
            rig.rpc.rollout(number)
    with pytest.raises(xmlrpc.client.Fault, match="BAD_NAME: nix"):
        rig.rpc.reload("nix")
    rig.stop()


def test_json_and_metrics(rig):
    rig.start()

    def api(path, method="GET"):
        status, body = rig.get("/api/v1/" + path, method, place="s", headers={"Content-Length": "0"})
        return status, json.loads(body)
    assert api("rollouts") == (200, {"rollouts": []})
    assert api("zygotes/" + urllib.parse.quote("shop") + "/reload", "POST") == (200, {"rollouts": [1]})
    told = rig.ended(1)
    status, rollout = api("rollouts/1")
    assert status == 200 and list(rollout) == list(told)
    assert rollout["why"] is None and rollout["outcome"] == "done" and rollout["slots"][0]["why"] is None
    assert {key: value for key, value in rollout.items() if key not in ("why", "slots")} == {
        key: value for key, value in told.items() if key not in ("why", "slots")}
    assert api("rollouts") == (200, {"rollouts": [rollout]})
    for path, method, code in (("rollouts/2", "GET", 404), ("rollouts/0", "GET", 404), ("rollouts/x", "GET", 404),
                               ("rollouts/4294967297", "GET", 404), ("rollouts/1", "POST", 405), ("rollouts", "POST", 405),
                               ("zygotes/nix/reload", "POST", 404), ("zygotes/shop/reload", "GET", 404)):
        status, answer = api(path, method)
        assert status == code and answer["error"]["message"], (path, method)
    rig.write(keys="numprocs = x")
    status, answer = api("zygotes/shop/reload", "POST")
    assert status == 409 and answer["error"]["fault"] == "CANT_REREAD" and "numprocs" in answer["error"]["message"]
    assert api("zygotes")[1]["zygotes"][0]["generation"] == 2
    metrics = rig.get("/metrics", place="s")[1]
    assert 'forkserver_zygote_generation{zygote="shop"} 2\n' in metrics
    assert 'forkserver_rollouts_total{outcome="done"} 1\n' in metrics
    assert 'forkserver_rollouts_total{outcome="refused"} 0\n' in metrics
    rig.stop()
