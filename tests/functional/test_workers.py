"""Workers forked from a real zygote by a real supervisor are as if they had been started plainly, but
for the memory they share and what the import left in it."""
import gzip
import json
import os
import re
import signal
import stat
import subprocess
import zipfile

import pytest

from conftest import (DEADLINE, HERE, children, descendants, free_port, interpreter, proc_status,
                      wait_until)

WORKERS = HERE / "workers"
MODES = ["filter", "full"]


class Rig:
    """A supervisor with one zygote and programs that probe themselves."""

    def __init__(self, supervise, tmp_path, version):
        self.supervise, self.directory, self.version = supervise, tmp_path, version
        self.probes = tmp_path / "probes"
        self.probes.mkdir()

    def text(self, programs, mode="filter", preload="probe_app", zygote_keys="", head=""):
        """programs: {name: "command" or {key: value}}"""
        lines = [f"""
[supervisord]
nodaemon = true
logfile = {self.directory}/main.log
pidfile = {self.directory}/pid
{head}
[zygote:probe]
python = {interpreter(self.version)}
path = {WORKERS}
preload = {preload}
audit_mode = {mode}
{zygote_keys}
"""]
        for name, keys in programs.items():
            if isinstance(keys, str):
                keys = {"command": keys}
            keys = {"zygote": "probe", "autorestart": "false", "startsecs": "0",
                    "stdout_logfile": f"{self.directory}/{name}.out",
                    "stderr_logfile": f"{self.directory}/{name}.err", **keys}
            lines.append(f"[program:{name}]\n" +
                         "".join(f"{key} = {value}\n" for key, value in keys.items()))
        return "\n".join(lines)

    def start(self, programs, env=None, **keys):
        env = {"PROBE_DIR": str(self.probes), "PROBE_DATA": f"{self.directory}/data", **(env or {})}
        self.supervisor = self.supervise(self.text(programs, **keys), env=env)
        return self.supervisor

    def probed(self, count=1, pattern="probe-*.json"):
        """Waits for that many probes and returns what they say."""
        def ready():
            found = sorted(self.probes.glob(pattern))
            return found if len(found) >= count else None
        found = self.supervisor.wait_for(ready, f"{count} probes {self.outputs()}")
        return [json.loads(path.read_text()) for path in found]

    def outputs(self):
        return "".join(f"\n{path.name}: {path.read_text(errors='replace')[-2000:]}"
                       for path in self.directory.glob("*.err") if path.stat().st_size)

    def output_of(self, name, pattern, stream="out"):
        """Waits until a program has written something."""
        path = self.directory / f"{name}.{stream}"
        return self.supervisor.wait_for(
            lambda: path.exists() and re.search(pattern, path.read_text(errors="replace")),
            f"{pattern!r} in {path.name}")

    def log_says(self, pattern):
        return self.supervisor.wait_for(
            lambda: re.search(pattern, self.log()), f"{pattern!r} in the supervisor's log")

    def log(self):
        path = self.directory / "main.log"
        return (path.read_text(errors="replace") if path.exists() else "") + self.supervisor.output()


@pytest.fixture
def rig(supervise, tmp_path, version):
    return Rig(supervise, tmp_path, version)


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


def test_what_the_import_gave_up_stays_so(rig, mode):
    """Privileges above all: they belong to a thread, and another one than the importing one forks."""
    rig.start({"web": "probe_dropped:report"}, preload="probe_dropped", mode=mode)
    seen, = rig.probed()
    status = seen["status"]
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "0"
    assert seen["alternate"] and seen["nice"] == 3 and seen["slack"] == 77777
    # 0 to 2 are the worker's own, and nothing of the zygote's is left; one is open for the listing.
    assert seen["fds"][:3] == [0, 1, 2] and len(seen["fds"]) <= 4
    assert seen["targets"][1].startswith("pipe:")  # the logger's


def plain_residue(rig, environment):
    """The same probe in a plainly started process."""
    probes = rig.directory / "plain"
    probes.mkdir()
    run = subprocess.Popen([interpreter(rig.version), "-c",
                            "import probe_app; probe_app.write(probe_app.residue())"],
                           env={**environment, "PYTHONPATH": str(WORKERS), "PROBE_DIR": str(probes)},
                           cwd=rig.directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    assert run.wait(DEADLINE) == 0
    return json.loads(next(probes.glob("*.json")).read_text())


# ---------------------------------------------------------------- no residue

def test_no_residue(rig, mode, environment):
    """Nothing of the audit is left in a worker."""
    rig.start({"web": "probe_app:report"}, mode=mode)
    seen, = rig.probed()
    plain = plain_residue(rig, environment)
    status = seen["status"]
    assert status["Seccomp"] == "0"
    assert status.get("Seccomp_filters", "0") == plain["status"].get("Seccomp_filters", "0")
    assert status["NoNewPrivs"] == plain["status"]["NoNewPrivs"] == "0"
    assert status["TracerPid"] == "0"
    assert int(status["SigBlk"], 16) == 0
    assert int(status["SigPnd"], 16) == int(status["ShdPnd"], 16) == 0
    # 32 and 33 are glibc's own: caught in every process that has had a second thread, ignored in one
    # that posix_spawn() started (make does).
    for field in ("SigCgt", "SigIgn"):
        seen_there, expected = int(status[field], 16), int(plain["status"][field], 16)
        assert seen_there & ~(3 << 31) == expected & ~(3 << 31), field
    for field in ("CapEff", "CapPrm", "CapBnd", "Cpus_allowed", "Threads", "Uid",
                  "Gid", "Groups"):
        assert status[field] == plain["status"][field], field
    for key in ("limits", "affinity", "nice", "umask", "ignored", "precision", "gc"):
        assert key == "umask" or seen[key] == plain[key], key
    assert seen["affinity"] == sorted(os.sched_getaffinity(0))
    assert set(seen["fds"]) - {"0", "1", "2"} <= {fd for fd, target in seen["fds"].items()
                                                  if target.endswith("/fd")}, seen["fds"]
    assert seen["tasks"] == 1
    assert rig.supervisor.stop() == 0


def test_identity(rig, mode):
    """Its parent is the supervisor, its main thread is the one that runs, and it was forked."""
    rig.start({"web": "probe_app:report"}, mode=mode)
    seen, = rig.probed()
    assert seen["ppid"] == rig.supervisor.pid
    assert seen["pid"] != seen["import_pid"]
    assert seen["main_thread"] and seen["ident"] and seen["native_id"]
    assert seen["threads"] == ["MainThread"]
    assert os.path.samefile(seen["executable"], interpreter(rig.version))
    assert rig.supervisor.stop() == 0


def test_import_state_survives(rig, mode):
    """threading.local, context variables and the decimal context that the import set."""
    rig.start({"web": "probe_app:report"}, mode=mode)
    seen, = rig.probed()
    assert seen["local"] == "set at import"
    assert seen["variable"] == "set at import"
    assert seen["precision"] == 7
    assert seen["gc"] is True
    assert seen["frozen"] > 1000
    assert rig.supervisor.stop() == 0


def test_random_differs(rig, mode):
    rig.start({"web": {"command": "probe_app:report", "numprocs": 2,
                       "process_name": "web_%(process_num)d"}}, mode=mode)
    first, second = rig.probed(2)
    assert first["import_pid"] == second["import_pid"], "one import, two workers"
    assert first["random"] != second["random"]
    assert rig.supervisor.stop() == 0


# ---------------------------------------------------------------- the command

COMMANDS = {
    "module": ("python -m probe_package one 'two words'",
               {"name": "__main__", "spec": "probe_package.__main__"}),
    "script": (f"python {WORKERS}/probe_script.py one 'two words'",
               {"name": "__main__", "file": f"{WORKERS}/probe_script.py", "spec": None}),
    "callable": ("probe_app:report one 'two words'", {"name": "__main__"}),
    "plain module": ("python -m probe_script one 'two words'",
                     {"name": "__main__", "spec": "probe_script"}),
}


@pytest.mark.parametrize("form", COMMANDS)
def test_command(rig, form):
    """sys.argv and __main__ are what a plain start would give."""
    command, main = COMMANDS[form]
    rig.start({"web": command})
    seen, = rig.probed()
    assert seen["argv"][1:] == ["one", "two words"]
    if form == "module":
        assert seen["argv"][0] == f"{WORKERS}/probe_package/__main__.py"
    elif form in ("script", "plain module"):
        assert seen["argv"][0] == f"{WORKERS}/probe_script.py"
    for key, value in main.items():
        assert seen["main"][key] == value
    assert any("one" in word for word in seen["cmdline"]), seen["cmdline"]
    assert rig.supervisor.stop() == 0


def test_console_script(rig):
    """A script by its path, with a #! line, as pip and Debian install them."""
    script = rig.directory / "probe-tool"
    script.write_text("#!/usr/bin/python3\nimport sys\nimport probe_app\n"
                      "if __name__ == '__main__':\n    sys.exit(probe_app.report())\n")
    script.chmod(0o755)
    rig.start({"web": f"{script} --flag value"})
    seen, = rig.probed()
    assert seen["argv"] == [str(script), "--flag", "value"]
    assert seen["main"]["name"] == "__main__"
    assert rig.supervisor.stop() == 0


def test_script_directory_is_on_the_path(rig):
    """As python puts the directory of a script first."""
    place = rig.directory / "scripts"
    place.mkdir()
    (place / "neighbour.py").write_text("HERE = True\n")
    (place / "start.py").write_text("import neighbour, probe_app\nprobe_app.report()\n")
    rig.start({"web": f"python {place}/start.py"})
    seen, = rig.probed()
    assert seen["path"][0] == str(place)
    assert rig.supervisor.stop() == 0


def test_surroundings(rig):
    """Environment, directory and umask of the program, not of the zygote."""
    place = rig.directory / "place"
    place.mkdir()
    rig.start({"web": {"command": "probe_app:report", "directory": place, "umask": "027",
                       "environment": 'COLOUR="blue",PROBE_MORE="a b"'}},
              env={"INHERITED": "yes"})
    seen, = rig.probed()
    assert seen["cwd"] == str(place)
    assert seen["umask"] == 0o027
    assert seen["environment"]["COLOUR"] == "blue"
    assert seen["environment"]["PROBE_MORE"] == "a b"
    assert seen["environment"]["INHERITED"] == "yes"
    for name in seen["environment"]:
        assert not name.endswith("_NUM_THREADS"), f"{name} of the zygote is still set"
        assert not name.startswith(("LISTEN_", "NOTIFY_")), name
    assert {name: value for name, value in seen["environment"].items() if name.startswith("FORKSERVER_")} \
        == {"FORKSERVER_PROGRAM": "web", "FORKSERVER_PROCESS_NUM": "0", "FORKSERVER_GENERATION": "1"}
    assert rig.supervisor.stop() == 0


def test_zygote_environment(rig):
    """The zygote's variables reach the workers, unless the program says otherwise."""
    rig.start({"web": {"command": "probe_app:report", "environment": 'COLOUR="blue"'}},
              zygote_keys='environment = COLOUR="red",SHAPE="round"')
    seen, = rig.probed()
    assert seen["environment"]["COLOUR"] == "blue"
    assert seen["environment"]["SHAPE"] == "round"
    assert rig.supervisor.stop() == 0


def test_child_inherits_the_environment(rig):
    """os.environ and the C environment agree, and what was removed is removed."""
    rig.start({"web": {"command": f"python {WORKERS}/probe_environment.py",
                       "environment": 'COLOUR="blue"'}})
    seen, = rig.probed(pattern="environment.json")
    assert seen["python"] == seen["c"]
    assert seen["python"]["COLOUR"] == "blue"
    assert rig.supervisor.stop() == 0


def test_user(rig):
    """A worker becomes its program's user, groups and all."""
    if os.geteuid() != 0:
        pytest.skip("only root can change its user")
    if rig.version != "3.11" or not interpreter(rig.version).startswith("/usr/"):
        pytest.skip("needs a Python that any user may read")
    for path in [rig.directory, *rig.directory.parents]:
        if path.stat().st_mode & 0o001 == 0 and str(path).startswith("/tmp/"):
            path.chmod(path.stat().st_mode | 0o011)
    rig.probes.chmod(0o777)
    rig.start({"web": {"command": "probe_app:report", "user": "nobody"}})
    seen, = rig.probed()
    import grp
    import pwd
    entry = pwd.getpwnam("nobody")
    assert set(map(int, seen["status"]["Uid"].split())) == {entry.pw_uid}
    assert set(map(int, seen["status"]["Gid"].split())) == {entry.pw_gid}
    groups = os.getgrouplist("nobody", entry.pw_gid)
    assert set(map(int, seen["status"]["Groups"].split())) <= set(groups)
    assert int(seen["status"]["CapEff"], 16) == 0
    assert rig.supervisor.stop() == 0


# ---------------------------------------------------------------- real work

def test_signals(rig, mode):
    rig.start({"web": "probe_app:signals"}, mode=mode)
    seen, = rig.probed()
    assert seen == {"received": [signal.SIGUSR1], "wakeup": -1}
    assert rig.supervisor.stop() == 0


def test_work(rig, mode):
    """Threads, subprocesses, multiprocessing and asyncio in two workers at once."""
    rig.start({"web": {"command": f"python {WORKERS}/probe_work.py", "numprocs": 2,
                       "process_name": "web_%(process_num)d"}}, mode=mode)
    for seen in rig.probed(2):
        assert seen == {"subprocess": "child\n", "threads": [1, 2, 3], "fork": [1, 2, 3],
                        "spawn": [1, 2, 3], "asyncio": "async\n"}
    assert rig.supervisor.stop() == 0


def test_recursion(rig, mode, environment):
    """The forking thread's stack is as large as a main thread's: deep recursion ends as it does in a
    plainly started process, in RecursionError or in a result (3.13.0), and not in a crash."""
    plain = rig.directory / "plain"
    plain.mkdir()
    subprocess.run([interpreter(rig.version), "-c", "import probe_app\nprobe_app.wait = lambda: None\n"
                    "probe_app.recursion()"], check=True, timeout=DEADLINE, cwd=rig.directory,
                   env={**environment, "PYTHONPATH": str(WORKERS), "PROBE_DIR": str(plain)})
    rig.start({"web": "probe_app:recursion"}, mode=mode)
    seen, = rig.probed()
    assert seen == json.loads(next(plain.glob("*.json")).read_text())
    assert seen["500"] == 1002 and seen["python"] == 900
    assert seen["python endless"] == "RecursionError"
    assert rig.supervisor.stop() == 0


# ---------------------------------------------------------------- the end of a worker

def test_exit_statuses(rig, mode):
    """What each way of ending makes of the exit status, as the supervisor sees it."""
    rig.start({"three": "probe_app:status_three", "raising": "probe_app:exception",
               "quick": "probe_app:os_exit", "normal": "probe_app:finish",
               "stay": "probe_app:report"}, mode=mode)
    rig.log_says(r"exited: three \(exit status 3")
    rig.log_says(r"exited: raising \(exit status 1")
    rig.log_says(r"exited: quick \(exit status 5")
    rig.log_says(r"exited: normal \(exit status 0")
    rig.output_of("raising", r"ValueError: the worker's own", "err")
    rig.output_of("raising", r"Traceback \(most recent call last\)", "err")
    rig.output_of("normal", "last words")
    assert rig.probed(pattern="atexit.json") == [{"atexit": True}]
    assert rig.supervisor.stop() == 0


def left_in(place):
    """What the files of a directory say, without what differs from run to run."""
    found = {}
    for path in sorted(place.rglob("*")):
        if path.suffix == ".gz":
            found[path.name] = gzip.decompress(path.read_bytes())
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                found[path.name] = [archive.read(name) for name in archive.namelist()]
        else:
            found[path.name] = path.read_bytes() if path.is_file() else "directory"
    # versions of Python, and luck, decide whether this is called
    found["order"] = found["order"].replace(b"__del__ of a global\n", b"")
    return found


WAYS = ["0", "3", "256", "-1", "99999999999", "true", "text", "list", "error", "interrupt", "atexit", "full", "plain"]


def test_ends_as_a_plain_interpreter_does(rig):
    """Files, locks, hooks and statuses: nothing shows that the interpreter is not taken apart."""
    for way in WAYS:
        (rig.directory / "plain" / way).mkdir(parents=True)
        (rig.directory / "forked" / way).mkdir(parents=True)
    script = WORKERS / "probe_end.py"
    plain = {way: subprocess.run([interpreter(rig.version), script, way, rig.directory / "plain" / way], timeout=DEADLINE,
                                 env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for way in WAYS}
    rig.start({**{"end" + way: f"python {script} {way} {rig.directory}/forked/{way}" for way in WAYS},
               "stay": "probe_app:report"})
    for way in WAYS:
        status = plain[way].returncode
        how = f"exit status {status}" if status >= 0 else f"terminated by {signal.Signals(-status).name}"
        rig.log_says(rf"exited: end{way} \({how}; (not )?expected\)")
    for way in WAYS:
        assert (rig.directory / "forked" / way / "order").read_text().splitlines() == \
            ["thread", "atexit", "finalize", "__del__ of a global"]
        assert left_in(rig.directory / "forked" / way) == left_in(rig.directory / "plain" / way), way
        rig.output_of("end" + way, re.escape(plain[way].stdout) + "$")
        said = (rig.directory / f"end{way}.err").read_text()
        for word in "Traceback", "ValueError: uncaught", "KeyboardInterrupt", "ZeroDivisionError", "a last word", "['a', 1]", \
                "said late", "No space left":
            assert (word in said) == (word in plain[way].stderr), (way, word, said)
    assert rig.supervisor.stop() == 0


@pytest.mark.slow
def test_a_file_that_a_thread_does_not_let_go_of(rig):
    """It is waited for, but not for ever; what can be written is written."""
    rig.start({"held": f"python {WORKERS}/probe_held.py {rig.directory}/other", "stay": "probe_app:report"})
    rig.log_says(r"exited: held \(exit status 7; not expected\)")
    assert (rig.directory / "other").read_text() == "written all the same"
    assert rig.supervisor.stop() == 0


def test_traceback_is_the_applications(rig):
    """No frame of ours below the application's in an exception's traceback."""
    rig.start({"raising": f"python {WORKERS}/probe_raise.py", "stay": "probe_app:report"})
    rig.output_of("raising", "RuntimeError: from the script\n", "err")
    text = (rig.directory / "raising.err").read_text()
    files = re.findall(r'File "([^"]+)"', text)
    assert files == [f"{WORKERS}/probe_raise.py"] * 2, text
    assert rig.supervisor.stop() == 0


def test_killed_worker_is_replaced_without_import(rig):
    rig.start({"web": {"command": "probe_app:report", "autorestart": "true"}})
    first, = rig.probed()
    os.kill(first["pid"], signal.SIGKILL)
    both = rig.probed(2)
    second, = [seen for seen in both if seen["pid"] != first["pid"]]
    assert second["import_pid"] == first["import_pid"]
    assert rig.supervisor.stop() == 0


def test_killed_zygote_leaves_workers(rig):
    """The worker lives on; a new zygote is imported, and the next worker comes from it."""
    rig.start({"web": {"command": "probe_app:report", "autorestart": "true"}})
    first, = rig.probed()
    before = children(rig.supervisor.pid)
    os.kill(first["import_pid"], signal.SIGKILL)
    rig.supervisor.wait_for(lambda: set(children(rig.supervisor.pid)) - set(before), "a new zygote")
    assert proc_status(first["pid"], "State"), "the worker died with its zygote"
    os.kill(first["pid"], signal.SIGTERM)
    second, = [seen for seen in rig.probed(2) if seen["pid"] != first["pid"]]
    assert second["import_pid"] not in before
    assert rig.supervisor.stop() == 0


def test_violations_prevent_the_fork(rig):
    """Nothing is forked, the report is shown, and the status is 1."""
    leaky = rig.directory / "leaky_app.py"
    leaky.write_text("import probe_app\nhandle = open('/etc/passwd')\n")
    rig.start({"web": "probe_app:report"}, preload="leaky_app",
              zygote_keys=f"directory = {rig.directory}")
    assert rig.supervisor.process.wait(DEADLINE) == 1
    assert "leaky_app.py" in rig.supervisor.output()
    assert "/etc/passwd" in rig.supervisor.output()
    assert not list(rig.probes.iterdir())


def test_warn_forks_all_the_same(rig):
    leaky = rig.directory / "leaky_app.py"
    leaky.write_text("import probe_app\nhandle = open('/etc/passwd')\n")
    rig.start({"web": "probe_app:report"}, preload="leaky_app",
              zygote_keys=f"directory = {rig.directory}\naudit = warn")
    seen, = rig.probed()
    assert "/etc/passwd" in seen["fds"].values()
    rig.log_says("leaky_app.py")
    assert rig.supervisor.stop() == 0


def test_audit_off(rig):
    rig.start({"web": "probe_app:report"}, zygote_keys="audit = off")
    seen, = rig.probed()
    assert seen["status"]["Seccomp"] == "0" and seen["status"]["TracerPid"] == "0"
    assert seen["local"] == "set at import"
    assert rig.supervisor.stop() == 0


# ---------------------------------------------------------------- what becomes of allowed fds

def reopen_rig(rig, action, mode="filter"):
    (rig.directory / "data").write_text("abcdefghijklmnopqrstuvwxyz")
    rig.start({"web": {"command": "probe_reopen:run", "numprocs": 2,
                       "process_name": "web_%(process_num)d"}}, preload="probe_reopen", mode=mode,
              zygote_keys=f"allow = file:{rig.directory}/data {action}")
    return rig


def test_reopen_gives_each_its_own_offset(rig, mode):
    seen = reopen_rig(rig, "reopen", mode).probed(2)
    assert [each["first"] for each in seen] == [seen[0]["first"]] * 2
    assert len({each["position"] for each in seen}) == 1
    assert all(each["target"] == f"{rig.directory}/data" for each in seen)
    assert rig.supervisor.stop() == 0


def test_keep_shares_the_offset(rig):
    seen = reopen_rig(rig, "keep").probed(2)
    assert sorted(each["first"] for each in seen) == ["defg", "hijk"]
    assert rig.supervisor.stop() == 0


def test_null(rig):
    for each in reopen_rig(rig, "null").probed(2):
        assert each["target"] == "/dev/null"
        assert each["first"] == ""
    assert rig.supervisor.stop() == 0


def test_close(rig):
    """It is gone: using it is EBADF."""
    reopen_rig(rig, "close")
    rig.output_of("web", r"OSError: \[Errno 9\]", "err")
    assert rig.supervisor.stop() == 0


# ---------------------------------------------------------------- sockets

def test_sockets(rig):
    """LISTEN_FDS protocol: fds from 3 on, in order, with their names."""
    rig.start({"web": {"command": "probe_app:report", "sockets": "one, two"}}, head=f"""
[socket:one]
listen = unix://{rig.directory}/one.sock
[socket:two]
listen = tcp://127.0.0.1:{free_port()}
""")
    seen, = rig.probed()
    environment = seen["environment"]
    assert environment["LISTEN_FDS"] == "2"
    assert environment["LISTEN_PID"] == str(seen["pid"])
    assert environment["LISTEN_FDNAMES"] == "one:two"
    assert seen["fds"]["3"].startswith("socket:") and seen["fds"]["4"].startswith("socket:")
    extra = {fd for fd, target in seen["fds"].items() if not target.endswith("/fd")}
    assert extra == {"0", "1", "2", "3", "4"}
    assert stat.S_ISSOCK((rig.directory / "one.sock").stat().st_mode)
    assert rig.supervisor.stop() == 0


# ---------------------------------------------------------------- the supervisor's end

def test_stop_leaves_nothing(rig):
    """SIGTERM stops workers, zygote and supervisor; conftest sees to it that nothing is left."""
    rig.start({"web": {"command": "probe_app:report", "numprocs": 4,
                       "process_name": "web_%(process_num)d"}})
    rig.probed(4)
    assert len(descendants(rig.supervisor.pid)) >= 5
    assert rig.supervisor.stop() == 0


def test_supervisor_killed(rig):
    """SIGKILL of the supervisor: its workers and zygote end by themselves."""
    rig.start({"web": {"command": "probe_app:report", "numprocs": 2,
                       "process_name": "web_%(process_num)d"}})
    seen = rig.probed(2)
    os.kill(rig.supervisor.pid, signal.SIGKILL)
    rig.supervisor.process.wait()
    zygote = seen[0]["import_pid"]
    wait_until(lambda: (proc_status(zygote, "State") or "Z").startswith("Z"),
               what="the zygote's end")
    for each in seen:
        try:
            os.kill(each["pid"], signal.SIGKILL)
        except ProcessLookupError:
            pass
