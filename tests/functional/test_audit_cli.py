"""The command `forkserver --audit-only` itself: exit statuses, streams, formats, baseline, progress,
and that it leaves nothing behind however it ends."""
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import tempfile
import time

import pytest

from conftest import (DEADLINE, VERSIONS, builddir, children, descendants, interpreter, proc_status,
                      process_tree, wait_until)

LEAK = "f = open('/etc/passwd')\n"
LEAK_2 = "def again():\n    return open('/etc/passwd')\n\ng = again()\n"
CLEAN = "import json\n"


@pytest.fixture
def command(tmp_path, environment):
    """command(*arguments) runs `forkserver --audit-only` in an empty directory."""

    def run(*arguments, env=None, check=None, stdout=subprocess.PIPE):
        process = subprocess.Popen([builddir() / "forkserver", "--audit-only", *arguments],
                                   cwd=tmp_path, env={**environment, **(env or {})},
                                   stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                                   start_new_session=True, text=True)
        try:
            process.out, process.err = process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            state = process_tree(process.pid)
            process.kill()
            pytest.fail(f"no end\n{state}")
        if check is not None:
            assert process.returncode == check, f"{process.out}\n---\n{process.err}"
        return process

    return run


@pytest.fixture
def module(tmp_path):
    """module(name, text) writes a module into the working directory."""

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return write


@pytest.fixture
def python():
    """The options that choose an interpreter; one version is enough for what this file tests."""
    return ["--python", interpreter(VERSIONS[-1])]


# ---------------------------------------------------------------- what comes out

def test_clean(command, module, python):
    run = command(*python, module("clean", CLEAN), check=0)
    assert "Clean" in run.out and "Audit of clean (Python 3." in run.out
    assert run.err == ""


def test_violation_as_text(command, module, python, tmp_path):
    run = command(*python, module("leak", LEAK), check=1)
    assert re.search(r"^1\. fd \d+ \(file\): /etc/passwd$", run.out, re.M), run.out
    assert (f'Traceback (most recent call last):\n  File "{tmp_path}/leak.py", line 1, in <module>\n'
            "    f = open('/etc/passwd')\n") in run.out
    assert f"allow = file:/etc/passwd at {tmp_path}/leak.py:1 reopen\n" in run.out
    assert "nothing is forked" in run.out
    assert "\033" not in run.out
    assert run.err == ""


def test_pasted_rule_works(command, module, python):
    """The rule in the hint, taken as it is, makes the audit clean."""
    module("leaks", "import os, socket, threading\n" + LEAK +
           "p = os.pipe()\ns = socket.socketpair()\nd = os.open('/', os.O_RDONLY)\n"
           "t = threading.Thread(target=threading.Event().wait, name='my \"thread\" 1%',"
           " daemon=True)\nt.start()\n")
    run = command(*python, "--format", "json", "leaks", check=1)
    hints = [each["hint"] for each in json.loads(run.out)["violations"]]
    assert len(hints) >= 6
    rules = [hint.split("To accept it: allow = ", 1)[1] for hint in hints]
    options = [word for rule in rules for word in ("--allow", rule)]
    run = command(*python, "--format", "json", *options, "leaks", check=0)
    report = json.loads(run.out)
    assert len(report["allowed"]) == len(hints)
    assert report["unused_rules"] == []


def test_json_is_all_that_stdout_has(command, module, python):
    module("noisy", "import os, sys\nprint('hello')\nos.write(1, b'raw\\n')\n"
           "os.system('echo child')\nsys.stderr.write('err\\n')\n")
    run = command(*python, "--format=json", "noisy", check=0)
    report = json.loads(run.out)
    assert run.out.count("\n") == 1
    assert report["schema"] == "forkserver-audit/1" and report["verdict"] == "clean"
    assert report["target"] == ["noisy"] and report["error"] is None
    assert {"hello", "raw", "child", "err"} <= set(run.err.split())


def test_output_file(command, module, python, tmp_path):
    run = command(*python, "--output", "out.txt", module("leak", LEAK), check=1)
    assert run.out == ""
    assert "1. fd" in (tmp_path / "out.txt").read_text()


def test_output_that_cannot_be_written(command, module, python):
    module("clean", CLEAN)
    run = command(*python, "--output", "/nonexistent/x", "clean", check=2)
    assert "/nonexistent/x: No such file or directory" in run.err
    with open("/dev/full", "w") as full:
        run = command(*python, "clean", stdout=full, check=4)
    assert "No space left on device" in run.err


def test_quiet(command, module, python):
    run = command(*python, "--quiet", module("clean", CLEAN), check=0)
    assert run.out == run.err == ""
    run = command(*python, "--quiet", module("leak", LEAK), check=1)
    assert "1. fd" in run.out


def test_working_directory_is_on_the_path(command, module, python, tmp_path):
    """As with `python -m`: after --path, before the standard library."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "both.py").write_text("import sys\nsys.stderr.write('other\\n')\n")
    module("both", "import sys\nsys.stderr.write('here\\n')\n")
    module("here", "import both\n")
    assert command(*python, "here", check=0).err == "here\n"
    assert command(*python, "--path", "other", "here", check=0).err == "other\n"


def test_warmup(command, module, python):
    module("app", "def warm():\n    global f\n    f = open('/etc/passwd')\n")
    command(*python, "app", check=0)
    run = command(*python, "--warmup", "app:warm", "app", check=1)
    assert "in warm" in run.out


def test_both_modes_say_the_same(command, module, python):
    module("leak", LEAK + "import threading\n"
           "threading.Thread(target=threading.Event().wait, daemon=True).start()\n")
    found = []
    for mode in "filter", "full":
        run = command(*python, "--mode", mode, "--format", "json", "leak", check=1)
        report = json.loads(run.out)
        assert report["mode"] == mode
        found.append([(each["kind"], each["location"], each["type"])
                      for each in report["violations"]])
    assert found[0] == found[1] and len(found[0]) == 2


# ---------------------------------------------------------------- exit statuses

def test_import_that_raises(command, module, python):
    module("inner", "def f():\n    raise ValueError('no such shop')\n")
    run = command(*python, module("bad", "import inner\ntry:\n    inner.f()\n"
                                  "except ValueError as e:\n    raise RuntimeError('x') from e\n"),
                  check=3)
    assert "ValueError: no such shop" in run.out
    assert "The above exception was the direct cause of the following exception:" in run.out
    assert "RuntimeError: x" in run.out
    assert "importlib" not in run.out
    assert "The import failed, so nothing is forked." in run.out


def test_module_that_does_not_exist(command, python):
    run = command(*python, "no_such_module", check=3)
    assert "No module named 'no_such_module'" in run.out


def test_import_that_hangs(command, module, python):
    module("hang", "import threading\n"
           "def other():\n    threading.Event().wait()\n"
           "threading.Thread(target=other, name='the other', daemon=True).start()\n"
           "def stuck():\n    threading.Event().wait()\n"
           "stuck()\n")
    run = command(*python, "--timeout", "2", "hang", check=3)
    assert re.search(r"^Thread MainThread \(\d+\):$", run.out, re.M), run.out
    assert len(re.findall(r"^Thread .+ \(\d+\):$", run.out, re.M)) == 2, run.out
    assert "line 6, in stuck" in run.out and "line 3, in other" in run.out


@pytest.mark.parametrize("arguments, says", [
    (["--nonsense", "m"], "unknown option --nonsense"),
    (["--mode", "fast", "m"], "must be filter or full"),
    (["--allow", "fiel:/x", "m"], 'did you mean "file"?'),
    (["--python", "/nonexistent/python", "m"], "/nonexistent/python"),
    (["--path", "/nonexistent", "m"], "/nonexistent"),
    (["--baseline", "/nonexistent", "m"], "--write-baseline writes one"),
    (["-c", "/nonexistent.conf"], "/nonexistent.conf"),
    (["-c", "/dev/null", "--warmup", "a:b"], "--warmup needs MODULE"),
])
def test_usage_errors(command, arguments, says):
    run = command(*arguments, check=2)
    assert says in run.err
    assert run.out == ""


def test_help(command):
    run = command("--help", check=0)
    assert "usage: forkserver --audit-only" in run.out and "--write-baseline" in run.out
    assert run.err == ""


# ---------------------------------------------------------------- configurations

def two_zygotes(tmp_path, second=LEAK):
    (tmp_path / "clean.py").write_text(CLEAN)
    (tmp_path / "leak.py").write_text(second)
    config = tmp_path / "x.conf"
    config.write_text("".join(f"[zygote:{name}]\npython = {interpreter(VERSIONS[-1])}\n"
                              f"preload = {module}\ndirectory = {tmp_path}\n"
                              for name, module in [("one", "clean"), ("two", "leak")]))
    return str(config)


def test_all_zygotes_of_a_configuration(command, tmp_path):
    config = two_zygotes(tmp_path)
    run = command("-c", config, "--format", "json", check=1)
    reports = [json.loads(line) for line in run.out.splitlines()]
    assert [(each["name"], each["verdict"]) for each in reports] == [("one", "clean"),
                                                                    ("two", "violations")]


def test_the_highest_status_counts(command, tmp_path):
    config = two_zygotes(tmp_path, "raise ValueError\n")
    command("-c", config, check=3)
    command("-c", config, "one", check=0)
    command("-c", config, "two", "one", check=3)


def test_unknown_zygote(command, tmp_path):
    run = command("-c", two_zygotes(tmp_path), "three", check=2)
    assert "no [zygote:three]; it has one, two" in run.err


def test_configuration_with_an_error(command, tmp_path):
    config = tmp_path / "x.conf"
    config.write_text("[zygote:one]\nprelaod = x\n")
    run = command("-c", str(config), check=2)
    assert "prelaod" in run.err and run.out == ""


def test_configuration_for_another_machine(command, tmp_path):
    """In CI there are neither its users nor the directories of its logs, but the zygote's own must be there."""
    config = tmp_path / "x.conf"
    (tmp_path / "clean.py").write_text(CLEAN)
    text = (f"[supervisord]\nlogfile = {tmp_path}/none/x.log\nuser = no-such-user\n"
            f"[program:x]\ncommand = x\nzygote = x\nuser = no-such-user\nstdout_logfile = {tmp_path}/none/x.out\n"
            f"[zygote:x]\npython = {interpreter(VERSIONS[-1])}\npreload = clean\n")
    config.write_text(f"{text}directory = {tmp_path}\nuser = no-such-user\n")
    run = command("-c", str(config), check=0)
    assert run.err.splitlines() == [f"Warning: {config}:13: [zygote:x] user: Invalid user name no-such-user; it is not "
                                    "in the users' database (getent passwd)"]
    config.write_text(f"{text}directory = {tmp_path}/none\n")
    assert f"chdir to {tmp_path}/none: " in command("-c", str(config), check=4).out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody to whom another is forbidden")
def test_configuration_with_another_user(environment):
    if not str(interpreter(VERSIONS[-1])).startswith("/usr/"):
        pytest.skip("the interpreter may be closed to others")
    with tempfile.TemporaryDirectory() as place:  # pytest's own is closed to others
        os.chmod(place, 0o755)
        pathlib.Path(place, "clean.py").write_text(CLEAN)
        pathlib.Path(place, "x.conf").write_text(f"[zygote:x]\npython = {interpreter(VERSIONS[-1])}\n"
                                                 f"preload = clean\npath = {place}\nuser = 1\n")
        try:
            run = subprocess.run([builddir() / "forkserver", "--audit-only", "-c", f"{place}/x.conf"], user=65534,
                                 group=65534, extra_groups=[], cwd="/", env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
        except PermissionError:
            pytest.skip("nobody else can reach the build directory")
    assert run.returncode == 0, run.stderr
    assert run.stderr == "forkserver: [zygote:x] user: only root can become 1; audited as who you are\n"


def test_allow_rules_of_a_configuration(command, tmp_path, module):
    module("leak", LEAK)
    config = tmp_path / "x.conf"
    config.write_text(f"[zygote:x]\npython = {interpreter(VERSIONS[-1])}\npreload = leak\n"
                      f"directory = {tmp_path}\nallow = file:/etc/passwd reopen\n    pipe\n")
    run = command("-c", str(config), check=0)
    assert "workers reopen it [file:/etc/passwd reopen]" in run.out
    assert "unused rule: pipe" in run.out


# ---------------------------------------------------------------- what is known or allowed

def test_baseline(command, module, python, tmp_path):
    module("leak", LEAK)
    run = command(*python, "--write-baseline", "known.json", "leak", check=0)
    assert "known.json is written" in run.err
    known = json.loads((tmp_path / "known.json").read_text())
    assert known["schema"] == "forkserver-baseline/1"
    assert [each["file"] for each in known["violations"]] == ["leak.py"]

    run = command(*python, "--baseline", "known.json", "leak", check=0)
    assert "1 known violation is excused" in run.out and "1. fd" not in run.out

    module("leak", "# a comment moves the line\n\n" + LEAK)
    command(*python, "--baseline", "known.json", "leak", check=0)

    module("leak", LEAK + LEAK_2)
    run = command(*python, "--format", "json", "--baseline", "known.json", "leak", check=1)
    report = json.loads(run.out)
    assert sorted(each["baseline"] for each in report["violations"]) == [False, True]
    new = [each for each in report["violations"] if not each["baseline"]]
    assert new[0]["location"]["function"] == "again"


def test_two_known_do_not_excuse_a_third(command, module, python):
    module("leak", "import count\nfiles = [open('/etc/passwd') for i in range(count.N)]\n")
    module("count", "N = 2\n")
    command(*python, "--write-baseline", "known.json", "leak", check=0)
    command(*python, "--baseline", "known.json", "leak", check=0)
    module("count", "N = 3  # another length: .pyc files know the time to the second only\n")
    run = command(*python, "--baseline", "known.json", "leak", check=1)
    assert "1 violation: " in run.out and "2 known violations are excused" in run.out


def test_no_baseline_of_a_failed_import(command, module, python, tmp_path):
    (tmp_path / "known.json").write_text("kept")
    run = command(*python, "--write-baseline", "known.json", module("bad", "1/0\n"), check=3)
    assert "is not written" in run.err
    assert (tmp_path / "known.json").read_text() == "kept"
    assert [each for each in os.listdir(tmp_path) if each.startswith("known")] == ["known.json"]


def test_broken_baseline(command, module, python, tmp_path):
    module("clean", CLEAN)
    (tmp_path / "known.json").write_text('{"schema":\n oops}')
    run = command(*python, "--baseline", "known.json", "clean", check=2)
    assert "known.json:2:" in run.err


def test_inline_comment(command, module, python):
    module("leak", "f = open('/etc/passwd')  # forkserver: allow-fd reopen\n")
    run = command(*python, "--format", "json", "leak", check=0)
    allowed = json.loads(run.out)["allowed"]
    assert [(each["action"], each["location"]["line"]) for each in allowed] == [("reopen", 1)]


# ---------------------------------------------------------------- terminals

def on_terminal(arguments, directory, env):
    """Runs with stdout and stderr on a terminal of its own; what came out, and the status."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([builddir() / "forkserver", "--audit-only", *arguments], cwd=directory,
                               env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                               start_new_session=True)
    os.close(theirs)
    end, text = time.monotonic() + DEADLINE, b""
    while True:
        ready, _, _ = select.select([ours], [], [], max(0, end - time.monotonic()))
        assert ready, f"no end: {text}"
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # EIO: nobody has the other end any more
            chunk = b""
        if not chunk:
            break
        text += chunk
    os.close(ours)
    return text.decode(), process.wait(DEADLINE)


def test_progress_and_colors_on_a_terminal(module, python, tmp_path, environment):
    module("leak", LEAK)
    module("slow", "import json, decimal, asyncio, time\n"
           "end = time.monotonic() + 1.5\nwhile time.monotonic() < end:\n    __import__('string')\n"
           "import http.client\n" + LEAK)
    environment["TERM"] = "xterm"
    text, status = on_terminal([*python, "slow"], tmp_path, environment)
    assert status == 1
    assert re.search(r"\r\033\[Kimporting: \d+ modules", text), text
    assert "\033[1;31m1. fd" in text
    # the line is gone before the report begins
    assert re.search(r"\r\033\[K(\033\[1m)?Audit of slow", text), text

    text, status = on_terminal([*python, "leak"], tmp_path, {**environment, "NO_COLOR": "1"})
    assert status == 1 and "1. fd" in text and "\033[1" not in text
    text, status = on_terminal([*python, "--color=never", "--quiet", "leak"], tmp_path, environment)
    assert status == 1 and "\033" not in text


def test_colors_on_demand(command, module, python):
    run = command(*python, "--color", "always", module("leak", LEAK), check=1)
    assert "\033[1;31m1. fd" in run.out and "importing" not in run.err


# ---------------------------------------------------------------- memory

@pytest.mark.parametrize("mode", ["filter", "full"])
def test_memory(command, module, python, mode):
    module("big", "data = list(range(2_000_000))\n")
    run = command(*python, "--memory", "--mode", mode, "big", check=0)
    rows = re.findall(r"worker (\d) +([\d.]+) MiB +([\d.]+) MiB +([\d.]+) MiB", run.out)
    assert [row[0] for row in rows] == ["1", "2"], run.out + run.err
    for _, private, shared, pss in rows:
        assert float(private) < 30 < float(shared) + float(private)
        assert float(private) <= float(pss) <= float(private) + float(shared)
    assert float(re.search(r"started separately +([\d.]+) MiB", run.out).group(1)) > 60


def test_no_memory_without_a_clean_verdict(command, module, python):
    run = command(*python, "--memory", module("leak", LEAK), check=1)
    assert "worker 1" not in run.out


# ---------------------------------------------------------------- the end, whatever comes

BUSY = """\
import os, subprocess, threading, time
subprocess.Popen(["sleep", "1000"])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
open("started.tmp", "w").close()
os.rename("started.tmp", "started")
time.sleep(1000)
"""


def start_busy(tmp_path, environment, module, python):
    module("busy", BUSY)
    process = subprocess.Popen([builddir() / "forkserver", "--audit-only", *python, "busy"],
                               cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True)
    wait_until((tmp_path / "started").exists, what="the import")
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(tmp_path, environment, module, python, number):
    """130 for Ctrl-C, and nothing of the import is left (the fixture nothing_left looks)."""
    process = start_busy(tmp_path, environment, module, python)
    assert len(descendants(process.pid)) >= 4
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 128 + number, err
    assert out == "" and f"ended by signal {number.name}" in err
    assert children() == []


def test_killed_supervisor_leaves_nothing(tmp_path, environment, module, python):
    """As when a job's time is up: the tracer ends when nobody listens, and takes the import with it."""
    process = start_busy(tmp_path, environment, module, python)
    left = descendants(process.pid)
    assert len(left) >= 4
    process.kill()
    process.communicate(timeout=DEADLINE)
    wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() and
                               proc_status(pid, "State")[0] != "Z" for pid in left),
               what="the end of zygote, tracer and the import's processes")


def test_path_that_is_not_there_is_named(command, module, python, tmp_path):
    (tmp_path / "z.conf").write_text(f"[zygote:z]\npython = {python[1]}\npreload = absent\n"
                                     "path = /no/such place\n")
    run = command("-c", "z.conf", check=3)
    assert "forkserver: z: path = /no/such place: it does not exist" in run.err


def test_working_directory_that_is_gone(environment, module, python, tmp_path):
    module("fine", CLEAN)
    gone = tmp_path / "gone"
    gone.mkdir()
    run = subprocess.run(["/bin/sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh",
                          builddir() / "forkserver", "--audit-only", *python, "--path", tmp_path,
                          "fine"], cwd=gone, env=environment, stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=DEADLINE)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "the working directory is gone" in run.stderr


def test_deleted_file_cannot_be_reopened(command, module, python):
    """No worker could: so the rule does not allow it, and says so by being unused."""
    leak = module("deleted", 'import os, tempfile\nFD, PATH = tempfile.mkstemp()\nos.unlink(PATH)\n')
    run = command(*python, "--allow", "file reopen", leak, check=1)
    assert "(deleted)" in run.out
    command(*python, "--allow", "file keep", leak, check=0)


def test_ignored_signals_stay_ignored(tmp_path, environment, module, python):
    """nohup, a shell's background job, and a parent that ignores SIGCHLD."""
    module("waits", "import os, time\nopen('started', 'w').close()\n"
           "while not os.path.exists('go'):\n    time.sleep(0.01)\n")
    ignored = [signal.SIGHUP, signal.SIGINT, signal.SIGCHLD]
    process = subprocess.Popen([builddir() / "forkserver", "--audit-only", *python, "waits"],
                               cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               start_new_session=True,
                               preexec_fn=lambda: [signal.signal(each, signal.SIG_IGN)
                                                   for each in ignored])
    wait_until((tmp_path / "started").exists, what="the import")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGINT)
    (tmp_path / "go").touch()
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, out + err


def zygote_of(pid):
    """The oldest child; daemons of the import have been re-parented to the supervisor too."""
    return min(children(pid), key=lambda child: int(
        pathlib.Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[19]))


def test_zygote_is_killed(tmp_path, environment, module, python):
    """Somebody else kills it: said so, and never clean."""
    process = start_busy(tmp_path, environment, module, python)
    os.kill(zygote_of(process.pid), signal.SIGKILL)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode in (3, 4), err
    assert "SIGKILL" in out
    assert "nothing is forked" in out


def test_tracer_is_killed(tmp_path, environment, module, python):
    process = start_busy(tmp_path, environment, module, python)
    tracer = int(proc_status(zygote_of(process.pid), "TracerPid"))
    assert tracer > 0
    os.kill(tracer, signal.SIGKILL)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 4, out + err
    assert "The audit could not run, so nothing is forked." in out


def test_violations_leave_nothing_behind(command, module, python):
    text = BUSY.replace("time.sleep(1000)\n\"\"\"", "").rsplit("time.sleep(1000)", 1)[0]
    run = command(*python, "--format", "json", module("litter", text), check=1)
    kinds = {each["kind"] for each in json.loads(run.out)["violations"]}
    assert {"process", "thread"} <= kinds
    assert children() == []
