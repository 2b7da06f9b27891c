"""The shipped units in a real systemd: start, status, reload, watchdog, stop, sandbox, audit."""
import json
import os
import re
import signal

import pytest

from conftest import SCALE, wait_until

MAIN = """[supervisord]
logfile = /dev/null
logfile_maxbytes = 0
"""
SLEEPER = """
[program:{name}]
command = /bin/sleep 1000
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
"""


def sleeper(name, more=""):
    return SLEEPER.format(name=name) + more + "\n"


def script(name, text, more=""):
    """A program that is a shell script, without apostrophes, percent signs and comments in it."""
    assert not set("'%") & set(text) and " ;" not in text
    return (f"\n[program:{name}]\ncommand = /bin/sh -c '{text}'\nstartsecs = 0\n"
            f"stdout_logfile = NONE\nstderr_logfile = NONE\n{more}\n")


# ---------------------------------------------------------------- without running it

def test_units_are_clean(machine):
    for name in ("forkserver.service", "forkserver@shop.service"):
        done = machine.run("systemd-analyze", "verify", "--man=no", name, check=False)
        assert (done.returncode, done.stdout) == (0, ""), name


def test_example_socket_is_clean(machine):
    source = os.path.join(os.environ["FORKSERVER_SRCDIR"], "systemd/forkserver.socket")
    with open(source, encoding="utf-8") as file:
        machine.write("/run/systemd/system/forkserver.socket", file.read())
    done = machine.run("systemd-analyze", "verify", "--man=no", "forkserver.socket", check=False)
    machine.path("/run/systemd/system/forkserver.socket").unlink()
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name, most", [("forkserver.service", 3.0), ("forkserver@shop.service", 2.0)])
def test_exposure(machine, name, most):
    text = machine.run("systemd-analyze", "security", "--offline=true", "--no-pager", name).stdout
    found = re.search(r"Overall exposure level for .*: ([0-9.]+) ", text)
    assert found, text
    assert float(found.group(1)) <= most, text


# ---------------------------------------------------------------- start

def test_active_only_when_programs_run(unit):
    unit.configure(MAIN + sleeper("first") + sleeper("web",
                   "prestart = /bin/sh -c 'until [ -e go ]; do sleep 0.05; done'"))
    unit.systemctl("start", "--no-block")
    unit.await_status("starting (web)")
    state, status = unit.show("ActiveState", "StatusText")
    assert state == "activating"
    assert status == "starting: 2 processes: 1 running, 1 starting (web)"
    unit.machine.write(unit.state / "go", "")
    unit.systemctl("start")  # waits for the start that is under way
    state, status = unit.show("ActiveState", "StatusText")
    assert (state, status) == ("active", "2 processes: 2 running")
    assert sorted(unit.processes().values()).count("/bin/sleep 1000") == 2


def test_failed_program_holds_nobody_up(unit):
    unit.configure(MAIN + sleeper("web") + script("bad", "exit 3", "startsecs = 1\nstartretries = 0") +
                   sleeper("after", "depends_on = bad"))
    unit.systemctl("start")
    state, status = unit.show("ActiveState", "StatusText")
    assert (state, status) == ("active", "3 processes: 1 running, 1 waiting (after), 1 failed (bad)")


def test_status_follows(unit):
    unit.configure(MAIN + sleeper("web") + script("task", "until [ -e go ]; do sleep 0.05; done; exit 1",
                                                  "autorestart = false"))
    unit.systemctl("start")
    assert unit.show("StatusText") == "2 processes: 2 running"
    unit.machine.write(unit.state / "go", "")
    unit.await_status("2 processes: 1 running, 1 failed (task)")


def test_wrong_configuration_fails_the_start(unit):
    unit.configure(MAIN + "[program:web]\nnonsense\n")
    unit.override("Restart=no")
    assert unit.systemctl("start", check=False).returncode != 0
    state, result, status = unit.show("ActiveState", "Result", "ExecMainStatus")
    assert (state, result, status) == ("failed", "exit-code", "2")
    assert "nonsense" in unit.journal()


def test_children_hear_nothing_of_systemd(unit):
    """None of the processes of the unit but the supervisor has variables that are meant for it."""
    unit.configure(MAIN + "[unix_http_server]\nfile = /run/forkserver/control.sock\n" + sleeper("web"))
    unit.systemctl("start")
    supervisor = unit.main_pid()
    seen = set()
    for pid, command in unit.processes().items():
        seen.add(os.path.basename(command.split()[0]))
        names = {entry.split(b"=")[0] for entry in
                 unit.machine.path(f"/proc/{pid}/environ").read_bytes().split(b"\0")}
        told = {name for name in names if name.startswith((b"NOTIFY_", b"WATCHDOG_", b"LISTEN_", b"FDSTORE"))}
        if pid == supervisor:
            told.discard(b"FDSTORE")  # systemd 254 and later
        assert told == ({b"NOTIFY_SOCKET", b"WATCHDOG_PID", b"WATCHDOG_USEC"} if pid == supervisor
                        else set()), command
    assert seen == {"forkserver", "forkserver-logger", "forkserver-control", "sleep"}


def test_daemon_names_itself(unit):
    """In the background it is not the process that systemd has started."""
    unit.configure(MAIN + "pidfile = /run/forkserver/pid\n" + sleeper("web"))
    start = unit.show("ExecStart")
    program = re.search(r"path=(\S+)", start).group(1)
    unit.override(f"ExecStart=\nExecStart={program} --daemon -c {unit.configuration}\nNotifyAccess=all")
    unit.systemctl("start")
    assert unit.show("ActiveState") == "active"
    pid = unit.main_pid()
    assert int(unit.machine.path("/run/forkserver/pid").read_text()) == pid
    assert "--daemon" in unit.processes()[pid]


# ---------------------------------------------------------------- reload

def test_reload(unit):
    unit.configure(MAIN + sleeper("web"))
    unit.systemctl("start")
    before = unit.processes()
    unit.configure(MAIN + sleeper("web") + sleeper("more"))
    unit.systemctl("reload")
    unit.await_status("2 processes: 2 running")
    wait_until(lambda: unit.show("ActiveState") == "active", "active again")
    assert set(before) < set(unit.processes()), "the supervisor and what has not changed stay"


def test_reloading_until_new_programs_run(unit):
    unit.configure(MAIN + sleeper("web"))
    unit.systemctl("start")
    unit.configure(MAIN + sleeper("web") + sleeper("more",
                   "prestart = /bin/sh -c 'until [ -e go ]; do sleep 0.05; done'"))
    unit.systemctl("reload", "--no-block")
    unit.await_status("starting (more)")
    assert unit.show("ActiveState") == "reloading"
    unit.machine.write(unit.state / "go", "")
    wait_until(lambda: unit.show("ActiveState") == "active", "active again")
    assert unit.show("StatusText") == "2 processes: 2 running"


def test_bad_reload(unit):
    unit.configure(MAIN + sleeper("web"))
    unit.systemctl("start")
    before = unit.processes()
    unit.configure(MAIN + sleeper("web") + "\n[program:more]\nnonsense\n")
    assert unit.systemctl("reload", check=False).returncode != 0
    assert unit.show("ActiveState") == "active"
    assert "nonsense" in unit.journal()
    # the same without the check before it
    unit.systemctl("kill", "--kill-who=main", "--signal=HUP")
    unit.await_status("the last reload failed")
    assert "nonsense" in unit.show("StatusText")
    wait_until(lambda: unit.show("ActiveState") == "active", "active again")
    assert unit.processes() == before
    unit.configure(MAIN + sleeper("web"))
    unit.systemctl("reload")
    wait_until(lambda: unit.show("StatusText") == "1 process: 1 running", "the failure is forgotten")


# ---------------------------------------------------------------- watchdog

def test_watchdog(unit):
    """A supervisor that stands still is killed, with all of its programs, and started again."""
    unit.configure(MAIN + sleeper("web"))
    unit.override(f"WatchdogSec={2 * SCALE}s\nRestartSec=100ms")
    unit.systemctl("start")
    before = unit.processes()
    unit.machine.run("kill", "-STOP", unit.main_pid())
    wait_until(lambda: unit.show("NRestarts", "ActiveState") == ["1", "active"], "it was started again")
    assert "Watchdog timeout" in unit.journal()
    assert not set(before) & set(unit.processes())
    assert unit.show("StatusText") == "1 process: 1 running"


def test_watchdog_is_fed(unit):
    unit.configure(MAIN + sleeper("web"))
    unit.override(f"WatchdogSec={SCALE}s")
    unit.systemctl("start")
    first = int(unit.show("WatchdogTimestampMonotonic"))
    wait_until(lambda: int(unit.show("WatchdogTimestampMonotonic")) > first + 3_000_000 * SCALE, "three times that")
    assert unit.show("NRestarts", "ActiveState") == ["0", "active"]


# ---------------------------------------------------------------- stop

def test_stop_leaves_nothing(unit):
    """Neither what ignores SIGTERM nor a daemon that has left its session outlives the unit."""
    unit.configure(MAIN + script("stubborn", "trap : TERM; setsid sh -c \"trap : TERM; while :; do sleep 1; done\" & "
                                 "touch up; while :; do sleep 1; done",
                                 "stopwaitsecs = 1") + sleeper("web"))
    unit.systemctl("start")
    wait_until(lambda: unit.machine.path(unit.state / "up").exists(), "the program is up")
    group = unit.cgroup()
    unit.systemctl("stop")
    assert unit.show("ActiveState") == "inactive"
    assert not group.exists(), "the cgroup is empty, so systemd has removed it"
    text = unit.journal()
    assert "Deactivated successfully" in text and "timed out" not in text, text


def test_stop_takes_the_time_it_needs(unit):
    """stopwaitsecs counts, even where it is longer than TimeoutStopSec."""
    unit.configure(MAIN + script("slow", "trap \"sleep 5; echo done >result; exit 0\" TERM; touch up; "
                                 "while :; do sleep 0.1; done", "stopwaitsecs = 30"))
    unit.override("TimeoutStopSec=2s")
    unit.systemctl("start")
    wait_until(lambda: unit.machine.path(unit.state / "up").exists(), "the program is up")
    unit.systemctl("stop", "--no-block")
    unit.await_status("stopping (slow)")
    wait_until(lambda: unit.show("ActiveState") == "inactive", "stopped")
    assert unit.read("result") == "done\n"
    text = unit.journal()
    assert "Deactivated successfully" in text and "timed out" not in text, text


# ---------------------------------------------------------------- the sandbox, and the audit in it

CLEAN = "import json\n\ndef run():\n    import os, sys, time\n    open('worker', 'w').write('%d' % os.getuid())\n" \
        "    sys.stdout.flush()\n    time.sleep(1000)\n"
LEAKY = "kept = open('/etc/passwd')\n" + CLEAN


def zygote(unit, text, more=""):
    unit.machine.write("/opt/shop/shop.py", text)
    return MAIN + f"""
[zygote:shop]
python = /usr/bin/python3
path = /opt/shop
preload = shop
audit = enforce
{more}

[program:web]
zygote = shop
command = shop:run
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
{more}
"""


@pytest.fixture
def auditable(machine):
    version = machine.run("/usr/bin/python3", "-c", "import sys; print('3.%d' % sys.version_info[1])").stdout.strip()
    if version not in os.environ.get("FORKSERVER_ZYGOTES", version).split():
        pytest.skip(f"no zygote for {version}, the Python of the system")


def test_sandbox(unit):
    """A program cannot write into the system, and sees no devices, no homes and no other's /tmp."""
    unit.machine.write("/tmp/of-others", "")
    unit.configure(MAIN + script("web", "for each in /usr/x /etc/x /opt/x; do touch $each && echo wrote $each; done "
                                 ">result 2>errors; ls -A /root /home /tmp >>result 2>>errors; "
                                 "[ -e /dev/tty ] && [ ! -e /dev/net ] && [ ! -e /dev/kmsg ] && echo devices >>result; "
                                 "mount -t tmpfs x /var/lib/forkserver 2>>errors && echo mounted >>result; "
                                 "unshare -n true 2>>errors && echo unshared >>result; "
                                 "touch up; sleep 1000"))
    unit.systemctl("start")
    wait_until(lambda: unit.machine.path(unit.state / "up").exists(), "the program has tried")
    result, errors = unit.read("result"), unit.read("errors")
    assert errors.count("Read-only file system") == 3
    assert "wrote" not in result and "of-others" not in result
    assert "mounted" not in result and "unshared" not in result
    assert "devices" in result


def test_audit_in_the_sandbox(unit, auditable):
    """ptrace works under the shipped unit: a clean application is forked."""
    unit.configure(zygote(unit, CLEAN))
    unit.systemctl("start")
    wait_until(lambda: unit.read("worker"), "the worker runs")
    assert unit.show("StatusText") == "1 process: 1 running"


def test_audit_in_the_sandbox_bites(unit, auditable):
    """… and one that leaves a file open is not."""
    unit.configure(zygote(unit, LEAKY))
    unit.override("Restart=no")
    assert unit.systemctl("start", check=False).returncode != 0
    assert unit.show("Result", "ExecMainStatus") == ["exit-code", "1"]
    text = unit.journal()
    assert "/opt/shop/shop.py" in text and "/etc/passwd" in text
    assert unit.read("worker") == ""


NAMED = CLEAN.replace("os.getuid()", "os.getpid()")


def worker(unit, name="worker"):
    """The pid that a worker has written."""
    return int(wait_until(lambda: unit.read(name), "the worker runs"))


def test_reload_brings_new_code(unit, auditable):
    """It is imported and audited beside the old one; the unit is reloading until its worker runs, and the old one has
    gone."""
    unit.configure(zygote(unit, NAMED))
    unit.systemctl("start")
    before = worker(unit)
    unit.machine.write("/opt/shop/shop.py", NAMED.replace("'worker'", "'second'") + "\nimport os, time\n"
                       "while not os.path.exists('go'):\n    time.sleep(0.02)\n")
    unit.systemctl("reload", "--no-block")
    wait_until(lambda: unit.show("ActiveState") == "reloading", "the reload has begun")
    assert before in unit.processes() and unit.read("second") == ""
    unit.machine.write(unit.state / "go", "")
    wait_until(lambda: unit.show("ActiveState", "StatusText") == ["active", "1 process: 1 running"], "active again")
    assert worker(unit, "second") in unit.processes() and before not in unit.processes()


def test_reload_of_bad_code(unit, auditable):
    """One that leaves a file open, and one that cannot be imported: the old worker stays, and the status says so."""
    unit.configure(zygote(unit, NAMED))
    unit.systemctl("start")
    before = worker(unit)
    for text in (LEAKY, "raise RuntimeError('this is broken')\n"):
        unit.machine.write("/opt/shop/shop.py", text)
        unit.systemctl("reload")
        unit.await_status("1 process: 1 running; the last reload failed: ")
        wait_until(lambda: unit.show("ActiveState") == "active", "active again")
        assert before in unit.processes() and worker(unit) == before
    unit.machine.write("/opt/shop/shop.py", NAMED.replace("'worker'", "'second'"))
    unit.systemctl("reload")
    wait_until(lambda: unit.show("ActiveState", "StatusText") == ["active", "1 process: 1 running"],
               "the failure is forgotten")
    assert worker(unit, "second") in unit.processes() and before not in unit.processes()
    text = unit.journal()
    assert "/etc/passwd" in text and "this is broken" in text


def test_other_user_in_the_sandbox(unit, auditable):
    """As root, with the few capabilities that are left, zygotes and programs become other users."""
    unit.configure(zygote(unit, CLEAN.replace("'worker'", "'/tmp/worker'") , "user = forkserver\ndirectory = /tmp"))
    unit.systemctl("start")
    uid = unit.machine.run("id", "-u", "forkserver").stdout.strip()
    owners = {}
    for pid, command in unit.processes().items():
        status = unit.machine.path(f"/proc/{pid}/status").read_text()
        owners[command.split()[0].rsplit("/")[-1]] = re.search(r"^Uid:\s+(\d+)", status, re.M).group(1)
    assert owners.pop("forkserver") == owners.pop("forkserver-logger") == "0"
    assert set(owners.values()) == {uid} and len(owners) == 2


def test_unprivileged_instance(instance, auditable):
    """forkserver@.service runs as the user forkserver, without a capability, and audits all the same."""
    instance.configure(zygote(instance, CLEAN) + "[unix_http_server]\nfile = /run/forkserver-shop/control.sock\n")
    instance.systemctl("start")
    wait_until(lambda: instance.read("worker"), "the worker runs")
    uid = instance.machine.run("id", "-u", "forkserver").stdout.strip()
    assert instance.read("worker") == uid != "0"
    processes = instance.processes()
    assert len(processes) == 5, processes  # supervisor, logger, control, zygote, worker
    for pid, command in processes.items():
        status = instance.machine.path(f"/proc/{pid}/status").read_text()
        assert re.search(rf"^Uid:\s+{uid}\s+{uid}\s+{uid}\s+{uid}$", status, re.M), command
        assert re.search(r"^CapBnd:\s+0+$", status, re.M), command
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M), command
    assert instance.machine.path("/run/forkserver-shop/control.sock").exists()
    instance.configure(zygote(instance, CLEAN) + sleeper("more"))
    instance.systemctl("reload")
    instance.await_status("2 processes: 2 running")


def test_instances_do_not_touch_each_other(unit, instance):
    unit.configure(MAIN + "pidfile = /run/forkserver/pid\n" + sleeper("web"))
    instance.configure(MAIN + "pidfile = /run/forkserver-shop/pid\n" + sleeper("web"))
    unit.systemctl("start")
    instance.systemctl("start")
    unit.systemctl("stop")
    assert instance.show("ActiveState") == "active"
    assert int(instance.machine.path("/run/forkserver-shop/pid").read_text()) == instance.main_pid()


# ---------------------------------------------------------------- the journal

def journal_entries(unit, **fields):
    """Entries of this test that have these, as dictionaries.  journalctl with a match of its own would pass over the
    first one after the cursor."""
    text = unit.machine.run("journalctl", "--output=json", "--all", "--after-cursor", unit.begin).stdout
    entries = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [each for each in entries if fields.items() <= each.items()]


def test_output_in_the_journal(unit):
    """Each line is an entry of its own that says which process wrote it, where, and whose unit it is."""
    unit.configure(MAIN + "[program:web]\ncommand = /bin/sh -c 'echo to stdout; echo to stderr >&2; exec sleep 1000'\n"
                   "process_name = web_%(process_num)d\nnumprocs = 2\nnumprocs_start = 1\nstartsecs = 0\n"
                   "stdout_logfile = NONE\nstderr_logfile = NONE\nstdout_journald = true\nstderr_journald = true\n"
                   "[group:shop]\nprograms = web\n")
    unit.systemctl("start")
    expected = {(f"web_{number}", name, f"to {name}") for number in (1, 2) for name in ("stdout", "stderr")}

    def entries():
        found = journal_entries(unit, FORKSERVER_GROUP="shop", _SYSTEMD_UNIT=unit.name)
        return found if len(found) >= len(expected) else None

    found = wait_until(entries, "the output is in the journal")
    assert {(each["FORKSERVER_PROGRAM"], each["FORKSERVER_CHANNEL"], each["MESSAGE"]) for each in found} == expected
    running = {str(pid) for pid, command in unit.processes().items() if command == "sleep 1000"}
    assert len(running) == 2 and {each["FORKSERVER_PID"] for each in found if "FORKSERVER_PID" in each} <= running
    assert all(each["SYSLOG_IDENTIFIER"] == each["FORKSERVER_PROGRAM"] and each["PRIORITY"] == "6" and
               each["_TRANSPORT"] == "journal" for each in found)


def test_supervisor_in_the_journal(unit):
    """What the supervisor itself says, and output that is sent nowhere else, is under the unit as well."""
    unit.configure(MAIN + script("web", "echo through the pipe >&1; exec sleep 1000").replace(
        "stdout_logfile = NONE", "stdout_logfile = /dev/stdout\nstdout_logfile_maxbytes = 0"))
    unit.systemctl("start")
    found = wait_until(lambda: [each for each in journal_entries(unit, _SYSTEMD_UNIT=unit.name)
                                if each["MESSAGE"] == "through the pipe"], "its output")
    assert [each["_TRANSPORT"] for each in found] == ["stdout"]
    assert "spawned: 'web' with pid" in unit.journal()
