"""Reload with generations: new code beside the old, process by process, and back."""
import os
import re
import signal
import subprocess
import threading
import time
import xmlrpc.client

import pytest

from conftest import DEADLINE, interpreter, wait_until
from reload_util import Load, Rig, rig  # a fixture
from supervisor_util import is_alive

# ---------------------------------------------------------------- good ones

def test_good(supervise, tmp_path, version):
    rig = Rig(supervise, tmp_path, version)
    rig.start()
    before = rig.serving()
    assert {answer["generation"] for answer in before.values()} == {"1"}
    rig.release("two")
    with Load(rig) as load:
        wait_until(lambda: load.answers, what="an answer")
        done = rig.ctl("reload", "shop")
        after = len(load.answers)
        wait_until(lambda: len(load.answers) > after, what="an answer after it")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not load.errors and {status for status, _ in load.answers} == {200}
    assert load.answers[0][1] == "one" and load.answers[-1][1] == "two"
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"shop: generation 2: imported in [\d.]+ s, audit clean", lines[1]), lines
    now = rig.serving()
    for line, name in zip(lines[-3:-1], ("web_0", "web_1")):  # in the order of their numbers
        pids = f"{before[name]['pid']} → {now[name]['pid']}"
        assert re.fullmatch(rf"shop: web:{name}: pid {pids}, ready in [\d.]+ s", line), lines
    assert re.fullmatch(r"shop: generation 2 serves, 2 processes replaced in [\d.]+ s, audit clean", lines[-1])
    assert "\x1b" not in done.stdout and "\r" not in done.stdout
    assert {(answer["release"], answer["generation"]) for answer in now.values()} == {("two", "2")}
    wait_until(lambda: not any(is_alive(answer["pid"]) for answer in before.values()), what="the end of the old ones")
    rig.stop()


def test_program_means_its_zygote_and_all_means_all(rig):
    rig.start()
    done = rig.ctl("reload", "web")
    assert done.returncode == 0 and "shop: generation 2 serves" in done.stdout, done.stdout
    done = rig.ctl("reload", "all")
    assert done.returncode == 0 and "shop: generation 3 serves" in done.stdout, done.stdout
    rig.stop()


def test_batches(rig):
    """Of a batch of two, both are ready before one gives way; parallel = 1 starts them one by one."""
    rig.start(numprocs=3, keys="reload_batch = 2\nreload_parallel = 1")
    before = rig.pids()
    rig.release("two", before_ready="wait_for('ready_' + os.environ['SUPERVISOR_PROCESS_NAME'])")
    number, = rig.rpc.reload("shop")

    def states():
        return [slot["state"] for slot in rig.rpc.rollout(number)["slots"]]
    rig.supervisor.wait_for(lambda: states() == ["starting", "waits", "waits"], "the first")
    rig.touch("ready_web_0")
    rig.supervisor.wait_for(lambda: states() == ["ready", "starting", "waits"], "the second")
    assert rig.pids() == before
    rig.touch("ready_web_1")
    rig.supervisor.wait_for(lambda: states() == ["replaced", "replaced", "starting"], "the third")
    rig.touch("ready_web_2")
    rig.ended(number)
    assert not set(before) & set(rig.pids())
    rig.stop()


def test_old_first(rig):
    """What holds a lock cannot run twice: its next process would fail."""
    more = ("[program:job]\nzygote = shop\ncommand = shop:job\nready = notify\nreplace = old_first\nreload_watch = 0\n"
            "startsecs = 0\nstderr_logfile = /dev/stderr\n")
    rig.start(more=more)
    wait_until(lambda: "RUNNING" in rig.ctl("status", "job").stdout, what="the job")
    rollout = rig.reload()
    assert [(slot["name"], slot["state"]) for slot in rollout["slots"]] == [
        ("job:job", "replaced"), ("web:web_0", "replaced"), ("web:web_1", "replaced")]
    assert "BlockingIOError" not in rig.supervisor.output()
    assert rig.ctl("status", "job").stdout.split()[1] == "RUNNING"
    rig.stop()


@pytest.mark.parametrize("words", (("stop", "job"), ("stop", "job:*"), ("stop", "all")))
def test_stopped_while_the_next_one_waits_for_its_end(rig, words):
    """It runs still, only to give way: whoever stops it must not see it come again."""
    more = ("[program:job]\ncommand = /bin/sh -c 'trap \"\" TERM; touch %(here)s/deaf; while test ! -e %(here)s/over; do sleep 0.05; done'\n"
            "startsecs = 0\nreload_watch = 0\n")
    rig.start(more=more)
    wait_until((rig.directory / "deaf").exists, what="the job")
    number, = rig.rpc.reload("job")
    # it is looked at, and has slots, after its number has been told
    wait_until(lambda: [each["state"] for each in rig.rpc.rollout(number)["slots"]] == ["starting"], what="the replacement")
    with subprocess.Popen(rig.words(*words), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as stop:
        wait_until(lambda: rig.rpc.rollout(number)["slots"][0]["state"] != "starting", what="the end of the replacement")
        rig.touch("over")
        said, _ = stop.communicate(timeout=DEADLINE)
    assert stop.returncode == 0 and "job: stopped" in said, said
    wait_until(lambda: rig.rpc.rollout(number)["phase"] == "ended", what="the end of the reload")
    assert rig.ctl("status", "job").stdout.split()[1] == "STOPPED"
    rig.stop()


def test_never_two(rig):
    """Old first: one that was stopped on its way is waited for by the next start."""
    more = ("[program:job]\ncommand = /bin/sh -c 'trap \"\" TERM; mkdir %(here)s/one || touch %(here)s/two; "
            "while test ! -e %(here)s/over; do sleep 0.05; done; rmdir %(here)s/one'\n"
            "startsecs = 1000\nreload_watch = 0\nautostart = false\n")
    rig.start(more=more)
    rig.ctl("stop", "job")
    with subprocess.Popen(rig.words("start", "job"), stdout=subprocess.DEVNULL) as start:
        wait_until((rig.directory / "one").exists, what="the job")
        number, = rig.rpc.reload("job")
        wait_until(lambda: rig.rpc.rollout(number)["phase"] == "rolling", what="the reload")
        with subprocess.Popen(rig.words("stop", "job"), stdout=subprocess.DEVNULL) as stop, \
                subprocess.Popen(rig.words("start", "job"), stdout=subprocess.DEVNULL) as again:
            rig.phase(number, "ended")
            assert not (rig.directory / "two").exists()
            rig.touch("over")
            stop.wait(DEADLINE)
            rig.ctl("stop", "job")
            again.wait(DEADLINE)
            start.wait(DEADLINE)
    assert not (rig.directory / "two").exists()
    rig.stop()


def test_essential_program_goes_back(rig):
    """Its new process fails for good, but that is not its end."""
    more = "[program:job]\ncommand = {}\nstartsecs = 1\nstartretries = 0\nessential = true\nreload_watch = 0\n"
    rig.start(more=more.format("sleep 1000"))
    wait_until(lambda: "RUNNING" in rig.ctl("status", "job").stdout, what="the job")
    rig.write(more=more.format("/bin/sh -c 'exit 7'"))
    number, = rig.rpc.reload("job")
    rig.ended(number, "rolled_back")
    wait_until(lambda: "RUNNING" in rig.ctl("status", "job").stdout, what="the job again")
    rig.stop()


def test_two_names_of_one_zygote(rig):
    rig.start()
    done = rig.ctl("reload", "web", "shop")
    assert done.returncode == 0 and re.search("shop: generation [23] serves", done.stdout), done.stdout
    rig.stop()


def test_empty_word(rig):
    """As of a variable that is not set."""
    rig.start()
    pids = rig.pids()
    done = rig.ctl("reload", "")
    assert done.returncode == 2 and "one of the words is empty" in done.stderr, done
    assert rig.pids() == pids
    rig.stop()


def test_many_while_one_waits(rig):
    """More than are remembered, behind one that has not ended."""
    more = f"[zygote:slow]\npython = {interpreter(rig.version)}\npath = {rig.directory}\npreload = slow\n" \
           "[program:slow]\nzygote = slow\ncommand = slow:main\nstartsecs = 0\nreload_watch = 0\n"
    (rig.directory / "slow.py").write_text("import os, signal, time\nHERE = os.path.dirname(__file__)\n"
                                           "while os.path.exists(HERE + '/hold'):\n    time.sleep(0.01)\n"
                                           "def main():\n    signal.pause()\n")
    rig.start(more=more)
    rig.touch("hold")
    first, = rig.rpc.reload("slow")
    ids = [rig.rpc.reload("shop")[0] for _ in range(60)]
    second, = rig.rpc.reload("slow")
    assert rig.rpc.rollout(second)["name"] == "slow"
    (rig.directory / "hold").unlink()
    rig.ended(second, "done")
    history = rig.rpc.history()
    assert len(history) <= 50 and first not in [each["id"] for each in history]
    assert rig.rpc.rollout(ids[-1])["outcome"] == "done"
    rig.stop()


def test_program_without_a_zygote(rig):
    rig.start(more="[program:sleep]\ncommand = sleep 1000\nstartsecs = 0\nreload_watch = 0\n")
    before = rig.ctl("pid", "sleep").stdout
    done = rig.ctl("reload", "sleep")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^sleep: generation 2 serves, 1 process replaced in [\d.]+ s$", done.stdout, re.M), done.stdout
    assert rig.ctl("pid", "sleep").stdout != before
    assert rig.rpc.history()[-1]["is_program"] is True
    assert {answer["generation"] for answer in rig.serving().values()} == {"1"}
    rig.stop()


def test_what_is_stopped_stays_so(rig):
    rig.start()
    assert rig.ctl("stop", "web:web_1").returncode == 0
    rig.release("two")
    done = rig.ctl("reload", "shop")
    assert done.returncode == 0 and "web:web_1: does not run; what is started there next is new" in done.stdout
    assert "STOPPED" in rig.ctl("status", "web:web_1").stdout
    assert rig.ctl("start", "web:web_1").returncode == 0
    assert {answer["release"] for answer in rig.serving().values()} == {"two"}
    rig.stop()


def test_sighup(rig):
    rig.start()
    rig.release("two")
    rig.supervisor.process.send_signal(signal.SIGHUP)
    number = rig.supervisor.wait_for(lambda: [each["id"] for each in rig.rpc.history()], "a reload")[0]
    assert rig.ended(number)["cause"] == "SIGHUP"
    assert {(answer["release"], answer["generation"]) for answer in rig.serving().values()} == {("two", "2")}
    rig.stop()


def test_update_of_a_zygote(rig):
    """Another value in [zygote:shop] is a reload; of others there is none."""
    rig.start()
    rig.release("two", where="other")
    rig.write(zygote="warmup = shop:told\nenvironment = SUPERVISOR_PROCESS_NAME=x,FORKSERVER_GENERATION=x")
    assert rig.ctl("update").returncode == 0
    number = rig.supervisor.wait_for(lambda: [each["id"] for each in rig.rpc.history()], "a reload")[0]
    assert rig.ended(number)["cause"] == "update"
    assert rig.ctl("update").returncode == 0
    assert len(rig.rpc.history()) == 1
    rig.stop()


# ---------------------------------------------------------------- bad ones

def refused(rig, done, why):
    assert done.returncode == 1, done.stdout
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(rf"shop: generation 2 was refused: {why}; generation 1 goes on", last), done.stdout


@pytest.mark.parametrize("code, why", [
    ("import no_such_module", "the application failed to import: ModuleNotFoundError: No module named 'no_such_module'"),
    ("KEPT = open(__file__)", "1 violation: .*"),
    ("os._exit(3)", "the application failed to import: ProcessExit: .* exit status 3 .*"),
    ("os.kill(os.getpid(), 9)", r".*SIGKILL.*"),
], ids=["import", "leak", "exit", "killed"])
def test_refused(rig, code, why):
    rig.start()
    before = rig.pids()
    rig.release("bad", at_import=code)
    with Load(rig) as load:
        refused(rig, rig.ctl("reload", "shop"), why)
    assert not load.errors and {release for _, release in load.answers} == {"one"}
    assert rig.pids() == before
    # the old zygote still forks, and the next reload is as good as the first
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: len(set(rig.pids()) - {before[0]}) == 2, what="a new worker")
    assert {answer["release"] for answer in rig.serving().values()} == {"one"}
    rig.release("good")
    assert rig.reload()["generation"] == 3
    assert {(answer["release"], answer["generation"]) for answer in rig.serving().values()} == {("good", "3")}
    rig.stop()


@pytest.mark.parametrize("code, keys, why", [
    ("sys.exit(7)", "", "web:web_0: .*exit status 7.*"),
    ("wait_for('never')", "readysecs = 1", "web:web_0: .*not ready after 1 s.*"),
    ("os.environ['SUPERVISOR_PROCESS_NAME'] == 'web_1' and sys.exit(7)", "", "web:web_1: .*exit status 7.*"),
], ids=["exits", "never ready", "the second exits"])
def test_rolled_back(rig, code, keys, why):
    rig.start()
    rig.write(keys=keys)  # of the new ones only: starting takes as long as the machine lets it
    rig.release("bad", before_ready=code)
    with Load(rig) as load:
        done = rig.ctl("reload", "shop")
    assert done.returncode == 1, done.stdout
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(rf"shop: generation 2 was rolled back: {why}; generation 1 serves again", last), done.stdout
    assert not load.errors
    assert {(answer["release"], answer["generation"]) for answer in rig.serving().values()} == {("one", "1")}
    rig.write()
    rig.release("good")
    rig.reload()
    assert {answer["release"] for answer in rig.serving().values()} == {"good"}
    rig.stop()


def test_crash_after_the_start(rig):
    """They were ready, and have the slots; then they die."""
    rig.start(keys="reload_watch = 1000")
    rig.release("bad", after_ready="threading.Thread(target=lambda: (wait_for('crash'), os._exit(3)), daemon=True).start()")
    number, = rig.rpc.reload("shop")
    rollout = rig.phase(number, "watching")
    assert [slot["state"] for slot in rollout["slots"]] == ["replaced", "replaced"] and rollout["outcome"] == "none"
    assert {answer["release"] for answer in rig.serving().values()} == {"bad"}
    rig.touch("crash")
    rollout = rig.ended(number, "rolled_back")
    assert [slot["state"] for slot in rollout["slots"]] == ["back", "back"] and "exit status 3" in rollout["why"]
    rig.settled()
    assert {(answer["release"], answer["generation"]) for answer in rig.serving().values()} == {("one", "1")}
    rig.stop()


# ---------------------------------------------------------------- deploy

def test_deploy_path_and_back(rig):
    rig.start()
    place = rig.release("two", where="release 2")  # with a blank
    done = rig.ctl("deploy", "shop", "--set", f"path={place}", "--set", "preload = shop")
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-3:] == [
        "This holds until the supervisor is started anew.  To keep it, write into [zygote:shop]:",
        f"    path = {place}", "    preload = shop"]
    assert {answer["release"] for answer in rig.serving().values()} == {"two"}
    assert rig.rpc.history()[-1]["cause"] == "deploy"
    # it holds for other reloads
    rig.reload()
    assert {answer["release"] for answer in rig.serving().values()} == {"two"}
    # one that fails does not
    done = rig.ctl("deploy", "shop", "--set", "preload=no_such_module")
    assert done.returncode == 1 and "This holds" not in done.stdout
    rig.reload()
    assert {answer["release"] for answer in rig.serving().values()} == {"two"}
    # and without a value the file's hold again
    done = rig.ctl("deploy", "shop")
    assert done.returncode == 0 and "This holds" not in done.stdout, done.stdout
    assert {answer["release"] for answer in rig.serving().values()} == {"one"}
    rig.stop()


def test_deploy_python(rig):
    """A virtual environment of its own, as releases have."""
    rig.start()
    venv = rig.directory / "venv"
    subprocess.run([interpreter(rig.version), "-m", "venv", "--without-pip", venv], check=True, timeout=DEADLINE)
    done = rig.ctl("deploy", "shop", "--set", f"python={venv}")
    assert done.returncode == 0, done.stdout
    assert {answer["prefix"] for answer in rig.serving().values()} == {str(venv)}
    rig.stop()


def test_deploy_refuses(rig):
    rig.start()
    for words, text in ((["nix", "--set", "path=/"], "nix: ERROR (no such zygote)"),
                        (["web", "--set", "path=/"], "web: ERROR (no such zygote)"),
                        (["shop", "--set", "pathh=/"], "pathh"),
                        (["shop", "--set", "thp=sometimes"], "sometimes"),
                        (["shop", "--set", "preload="], "no module is named"),
                        (["shop", "--set", "user=root"], "only the file can say that"),
                        (["shop", "--set", "audit=off"], "only the file can say that")):
        done = rig.ctl("deploy", *words)
        assert done.returncode == 1 and text in done.stdout, done.stdout
    assert rig.rpc.history() == []
    rig.reload()  # nothing of it is kept
    rig.stop()


def test_deploy_by_xml_rpc_refuses(rig):
    """What would be another line, or another key, than it says."""
    rig.start()
    for settings in ({"": "x"}, {"a=b": "x"}, {"a\nb": "x"}, {"path": "/a\npreload=os"}, {"path": "/a\rb"}, {"path": ["x"]},
                     {"path": {"a": "b"}}, {"path": 1.5}, {"path": True}):
        with pytest.raises(xmlrpc.client.Fault, match="BAD_ARGUMENTS: ") as fault:
            rig.rpc.deploy("shop", settings)
        assert fault.value.faultCode == 3, settings
    assert rig.rpc.history() == []
    with pytest.raises(xmlrpc.client.Fault, match="INCORRECT_PARAMETERS"):
        rig.rpc.deploy("shop", "path=/")
    rig.stop()


# ---------------------------------------------------------------- one while another runs

def test_superseded_while_it_imports(rig):
    rig.start()
    rig.release("two", at_import="wait_for('go')")
    first = subprocess.Popen(rig.words("reload", "shop"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    with first:
        assert first.stdout.readline() == "shop: generation 2: importing\n"
        rig.release("three")
        second = rig.ctl("reload", "shop")
        assert second.returncode == 0 and "shop: generation 3 serves" in second.stdout, second.stdout
        assert first.stdout.read().splitlines() == ["shop: superseded: a later reload has taken its place"]
    assert first.returncode == 1
    assert {answer["release"] for answer in rig.serving().values()} == {"three"}
    assert [each["outcome"] for each in rig.rpc.history()] == ["superseded", "done"]
    rig.stop()


def test_queued(rig):
    """One that is past its import is waited for; of those that wait for it, the last counts."""
    rig.start()
    rig.release("two", before_ready="wait_for('go')")
    first, = rig.rpc.reload("shop")
    rig.phase(first, "rolling")
    second, = rig.rpc.reload("shop")
    third, = rig.rpc.reload("shop")
    assert rig.ended(second, "superseded")["start"] == 0
    assert rig.rpc.rollout(third)["phase"] == "queued"
    rig.release("three")
    rig.touch("go")
    rig.ended(first)
    rig.ended(third)
    assert {(answer["release"], answer["generation"]) for answer in rig.serving().values()} == {("three", "3")}
    rig.stop()
