"""The supervisor with plain programs: life cycles, order, sockets, logs, messages."""
import os
import re
import signal
import socket
import subprocess
from datetime import datetime

import pytest

from conftest import DEADLINE, builddir, proc_status, wait_until
from supervisor_util import (PYTHON, has_log, is_alive, kill, open_fds, pids, probe, programs, settled_fds,
                             told, wait_log, wait_pid, wait_running, zombies)

HEAD = """[supervisord]
logfile = /dev/null
pidfile = %(here)s/forkserver.pid
childlogdir = %(here)s
"""


def forkserver(*arguments, **keys):
    return subprocess.run([str(builddir() / "forkserver"), *map(str, arguments)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=DEADLINE, **keys)


def all_log(supervisor, pattern):
    return [match for line in supervisor.output().splitlines()
            if (match := re.search(pattern, line))]


def stamp(match):
    return datetime.strptime(match.string[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()


# ---------------------------------------------------------------- what a program is given

def test_surroundings(supervise, tmp_path):
    (tmp_path / "work").mkdir()
    supervisor = supervise(HEAD + f"""umask = 022
environment = COLOUR="blue",SHAPE="round"
[program:probe]
command = {PYTHON} {probe(tmp_path)} "two words"
directory = {tmp_path}/work
environment = SHAPE="square",LAST="a,b"
umask = 027
""", env={"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1", "LISTEN_FDS": "9",
          "LISTEN_PID": "1"})
    seen = told(supervisor, tmp_path)
    env = seen["environ"]
    assert seen["argv"][2:] == ["two words"]
    assert (seen["cwd"], seen["umask"]) == (str(tmp_path / "work"), 0o027)
    assert (env["COLOUR"], env["SHAPE"], env["LAST"]) == ("blue", "square", "a,b")
    assert env["SUPERVISOR_ENABLED"] == "1"
    assert (env["SUPERVISOR_PROCESS_NAME"], env["SUPERVISOR_GROUP_NAME"]) == ("probe", "probe")
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID",
                "LISTEN_FDNAMES"} & set(env)
    assert seen["ppid"] == supervisor.pid
    assert seen["pgrp"] == seen["pid"]
    # Python itself ignores SIGPIPE and SIGXFSZ; nothing else may be, and nothing blocked
    python = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    assert (seen["blocked"], seen["ignored"]) == (0, python)
    assert set(seen["fds"]) == {"0", "1", "2"}
    assert supervisor.stop() == 0


def test_signals_are_not_ignored(supervise, tmp_path):
    """Seen without Python, which ignores some itself."""
    supervisor = supervise(HEAD + f"""
[program:status]
command = /bin/cat /proc/self/status
stdout_logfile = {tmp_path}/status
autorestart = false
startsecs = 0
""")
    wait_log(supervisor, "exited: status")
    status = (tmp_path / "status").read_text()
    assert re.search(r"SigIgn:\s*0+$", status, re.M), status
    assert re.search(r"SigBlk:\s*0+$", status, re.M), status
    assert supervisor.stop() == 0


def test_sockets(supervise, tmp_path):
    """Sockets are there before the program is, in their order, under the child's own pid."""
    server = tmp_path / "server.py"
    server.write_text("""
import os, socket, sys
names = os.environ["LISTEN_FDNAMES"].split(":")
assert int(os.environ["LISTEN_PID"]) == os.getpid()
assert int(os.environ["LISTEN_FDS"]) == len(names)
sockets = {name: socket.socket(fileno=3 + i) for i, name in enumerate(names)}
for name in ["tcp", "local"]:
    connection, _ = sockets[name].accept()
    connection.sendall(f"{name} {names}".encode())
    connection.close()
while True:
    sockets["tcp"].accept()
""")
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    path = tmp_path / "local.sock"
    supervisor = supervise(HEAD + f"""
[socket:tcp]
listen = tcp://127.0.0.1:{port}
[socket:local]
listen = unix://{path}
mode = 0600
[program:server]
command = {PYTHON} {server}
sockets = local, tcp
stderr_logfile = /dev/stderr
""")
    wait_pid(supervisor, "server")
    assert os.stat(path).st_mode & 0o7777 == 0o600
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        assert connection.makefile().read() == "tcp ['local', 'tcp']"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE)
        connection.connect(str(path))
        assert connection.makefile().read() == "local ['local', 'tcp']"
    assert supervisor.stop() == 0
    assert not path.exists()


def test_connections_wait_for_the_replacement(supervise, tmp_path):
    """A program that dies loses no connection that nobody has accepted yet."""
    server = tmp_path / "server.py"
    server.write_text("""
import os, socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.sendall(str(os.getpid()).encode())
    connection.close()
""")
    path = tmp_path / "s"
    supervisor = supervise(HEAD + f"""
[socket:s]
listen = unix://{path}
[program:server]
command = {PYTHON} {server}
sockets = s
startsecs = 0
autorestart = true
""")
    first = wait_running(supervisor, "server")
    os.kill(first, signal.SIGSTOP)
    wait_until(lambda: proc_status(first, "State").startswith("T"), what="the stop")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE)
        connection.connect(str(path))
        kill(first)
        assert int(connection.makefile().read()) == wait_pid(supervisor, "server", 2)
    assert supervisor.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start programs as another user")
def test_user(supervise, tmp_path):
    supervisor = supervise(HEAD + f"""
[program:id]
command = /usr/bin/id
user = nobody
stdout_logfile = {tmp_path}/id
startsecs = 0
autorestart = false
""")
    wait_log(supervisor, "exited: id .*; expected")
    expected = subprocess.run(["id", "nobody"], stdout=subprocess.PIPE, text=True).stdout
    assert (tmp_path / "id").read_text() == expected
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- logs

WRITER = "/bin/sh -c 'echo out; echo err >&2; exec sleep 1000'"


def test_log_files(supervise, tmp_path):
    (tmp_path / "out").write_text("before\n")
    supervisor = supervise(HEAD + f"""
[program:apart]
command = {WRITER}
stdout_logfile = {tmp_path}/out
stderr_logfile = {tmp_path}/err
[program:together]
command = {WRITER}
stdout_logfile = {tmp_path}/both
redirect_stderr = true
[program:automatic]
command = {WRITER}
[program:none]
command = {WRITER}
stdout_logfile = NONE
stderr_logfile = NONE
[program:through]
command = /bin/sh -c 'echo through out; echo through err >&2; exec sleep 1000'
stdout_logfile = /dev/stdout
stderr_logfile = /dev/stderr
""")
    for name in "apart", "together", "automatic", "none", "through":
        wait_running(supervisor, name)
    assert (tmp_path / "out").read_text() == "before\nout\n"
    assert (tmp_path / "err").read_text() == "err\n"
    assert (tmp_path / "both").read_text() == "out\nerr\n"
    out, = tmp_path.glob("automatic-stdout---supervisor-*.log")
    err, = tmp_path.glob("automatic-stderr---supervisor-*.log")
    assert (out.read_text(), err.read_text()) == ("out\n", "err\n")
    fds = {os.readlink(f"/proc/{pids(supervisor, 'none')[0]}/fd/{fd}") for fd in (1, 2)}
    assert fds == {"/dev/null"}
    assert has_log(supervisor, "(?m)^through out$") and has_log(supervisor, "(?m)^through err$")
    assert supervisor.stop() == 0


def test_automatic_logs_of_an_earlier_run_are_removed(supervise, tmp_path):
    old = tmp_path / "x-stdout---supervisor-abcd1234.log"
    other = tmp_path / "x-stdout---another-abcd1234.log"
    old.touch(), other.touch()
    supervisor = supervise(HEAD + f"[program:x]\ncommand = {WRITER}\n")
    wait_pid(supervisor, "x")
    assert not old.exists() and other.exists()
    assert supervisor.stop() == 0


def test_log_through_a_link_is_refused(supervise, tmp_path):
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    supervisor = supervise(HEAD + f"""
[program:x]
command = {WRITER}
stdout_logfile = {tmp_path}/link
startretries = 0
""")
    wait_log(supervisor, "spawnerr: cannot open .*/link: it is a symbolic link")
    wait_log(supervisor, "gave up: x entered FATAL state")
    assert (tmp_path / "target").read_text() == ""
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- life cycles

def test_fatal_after_startretries(supervise):
    supervisor = supervise(HEAD + """
[program:bad]
command = /bin/false
startretries = 1
[program:missing]
command = /no/such/program
startretries = 1
""")
    wait_log(supervisor, "gave up: bad entered FATAL state, too many start retries too quickly")
    wait_log(supervisor, "gave up: missing entered FATAL state")
    assert len(pids(supervisor, "bad")) == 2  # startretries + 1
    assert len(wait_log(supervisor, r"exited: bad \(exit status 1; not expected\)", 2)) == 2
    assert len(wait_log(supervisor, "spawnerr: can't find command '/no/such/program'", 2)) == 2
    assert supervisor.stop() == 0


def test_autorestart(supervise):
    supervisor = supervise(HEAD + """
[program:expected]
command = /bin/sh -c 'exit 3'
exitcodes = 0,3
startsecs = 0
[program:unexpected]
command = /bin/sh -c 'exit 4'
exitcodes = 0,3
startsecs = 0
[program:never]
command = /bin/sh -c 'exit 4'
autorestart = false
startsecs = 0
[program:always]
command = /bin/sh -c 'exit 0'
autorestart = true
startsecs = 0
""")
    wait_pid(supervisor, "unexpected", 3)
    wait_pid(supervisor, "always", 3)
    wait_log(supervisor, r"exited: expected \(exit status 3; expected\)")
    wait_log(supervisor, r"exited: never \(exit status 4; not expected\)")
    assert len(pids(supervisor, "expected")) == len(pids(supervisor, "never")) == 1
    assert supervisor.stop() == 0


def test_storm_is_slowed_down(supervise):
    supervisor = supervise(HEAD + """
[program:storm]
command = /bin/true
autorestart = true
startsecs = 0
""")
    wait_log(supervisor, "storm: exits again and again, so its restarts are slowed down")
    before = len(pids(supervisor, "storm"))
    spawns = wait_log(supervisor, "spawned: 'storm'", before + 11)[before:]
    assert stamp(spawns[10]) - stamp(spawns[0]) > 1.5  # 2 s but for delays of ours
    assert supervisor.stop() == 0


def test_killed_program_is_replaced_at_once(supervise):
    supervisor = supervise(HEAD + """
[program:x]
command = /bin/sleep 1000
startsecs = 0
""")
    for n in range(1, 21):
        pid = wait_running(supervisor, "x", n)
        assert is_alive(pid)
        kill(pid)
    wait_running(supervisor, "x", 21)
    lost = wait_log(supervisor, r"exited: x \(terminated by SIGKILL; not expected\)", 20)
    back = wait_log(supervisor, "spawned: 'x'", 21)[1:]
    gaps = sorted(stamp(b) - stamp(a) for a, b in zip(lost, back))
    assert gaps[10] <= 0.015, gaps
    assert supervisor.stop() == 0


def test_orphans_are_buried(supervise, tmp_path):
    supervisor = supervise(HEAD + f"""
[program:parent]
command = /bin/sh -c '(sh -c "echo $$$$ >{tmp_path}/orphan" &); exec sleep 1000'
""")
    supervisor.wait_file(tmp_path / "orphan")
    wait_running(supervisor, "parent")
    wait_until(lambda: len(programs(supervisor.pid)) == 1, what="one child")
    assert not zombies(supervisor.pid)
    assert supervisor.stop() == 0


def test_many_deaths_leave_nothing(supervise):
    supervisor = supervise(HEAD + """
[program:x]
command = /bin/sleep 1000
process_name = x_%(process_num)d
numprocs = 8
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
""")
    names = [f"x_{n}" for n in range(8)]
    for name in names:
        wait_running(supervisor, name)
    before = settled_fds(supervisor)
    for turn in range(1, 26):
        for name in names:
            kill(pids(supervisor, name)[-1])
        for name in names:
            wait_running(supervisor, name, turn + 1)
    wait_until(lambda: len(programs(supervisor.pid)) == 8, what="eight children")
    assert not zombies(supervisor.pid)
    assert open_fds(supervisor.pid) == before
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- the end

@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
def test_signals_that_stop(supervise, tmp_path, name):
    supervisor = supervise(HEAD + "[program:x]\ncommand = /bin/sleep 1000\n")
    pid = wait_pid(supervisor, "x")
    assert int((tmp_path / "forkserver.pid").read_text()) == supervisor.pid
    supervisor.process.send_signal(getattr(signal, name))
    assert supervisor.process.wait(DEADLINE) == 0
    assert has_log(supervisor, f"received {name} indicating exit request")
    assert has_log(supervisor, r"stopped: x \(terminated by SIGTERM\)")
    assert not is_alive(pid)
    assert not (tmp_path / "forkserver.pid").exists()


def test_stop_order(supervise, tmp_path):
    """Groups stop one after the other, the highest priority number first."""
    script = tmp_path / "slow.sh"
    script.write_text(f"""trap 'until [ -e {tmp_path}/go ]; do sleep 0.01; done; exit 0' TERM
touch {tmp_path}/trapped
while :; do sleep 0.05; done
""")
    supervisor = supervise(HEAD + f"""
[program:first]
command = /bin/sleep 1000
priority = 1
[program:second]
command = /bin/sleep 1000
priority = 2
[program:third]
command = /bin/sh {script}
priority = 3
""")
    supervisor.wait_file(tmp_path / "trapped")
    wait_pid(supervisor, "first"), wait_pid(supervisor, "second")
    supervisor.process.terminate()
    wait_log(supervisor, "waiting for third to stop")
    wait_log(supervisor, "waiting for first, second, third to die")
    assert is_alive(pids(supervisor, "second")[0])
    assert not has_log(supervisor, "waiting for second to stop")
    (tmp_path / "go").touch()
    assert supervisor.process.wait(DEADLINE) == 0
    assert re.findall(r"stopped: (\w+)", supervisor.output()) == ["third", "second", "first"]
    assert re.findall(r"spawned: '(\w+)'", supervisor.output()) == ["first", "second", "third"]


STUBBORN = """
[program:stubborn]
command = /bin/sh -c 'trap "" TERM; touch %(here)s/deaf; while :; do sleep 0.05; done'
"""


def test_stopwaitsecs(supervise, tmp_path):
    supervisor = supervise(HEAD + STUBBORN + "stopwaitsecs = 1\nkillasgroup = true\n")
    supervisor.wait_file(tmp_path / "deaf")
    assert supervisor.stop() == 0
    asked, = all_log(supervisor, "waiting for stubborn to stop")
    killed, = all_log(supervisor, r"WARN killing 'stubborn' \(\d+\) with SIGKILL")
    assert 0.9 < stamp(killed) - stamp(asked) < 60
    assert has_log(supervisor, r"stopped: stubborn \(terminated by SIGKILL\)")


def test_second_signal_hurries(supervise, tmp_path):
    supervisor = supervise(HEAD + STUBBORN + "stopwaitsecs = 3600\nkillasgroup = true\n"
                           "priority = 2\n[program:other]\ncommand = /bin/sleep 1000\npriority = 1")
    supervisor.wait_file(tmp_path / "deaf")
    supervisor.process.terminate()
    wait_log(supervisor, "waiting for stubborn to stop")
    supervisor.process.send_signal(signal.SIGINT)
    assert supervisor.process.wait(DEADLINE) == 0
    assert has_log(supervisor, "killing 'stubborn'")
    assert has_log(supervisor, "stopped: other")


def test_a_signal_relayed_twice_is_one(supervise, tmp_path):
    """As from a wrapper that passes on what the whole process group got."""
    script = f"trap 'sleep 1; echo done >{tmp_path}/graceful; exit 0' TERM; echo >{tmp_path}/set; " \
             "while :; do sleep 0.1; done"
    supervisor = supervise(HEAD + f'[program:x]\ncommand = /bin/sh -c "{script}"\n')
    supervisor.wait_file(tmp_path / "set")
    supervisor.process.terminate()
    supervisor.process.terminate()
    assert supervisor.process.wait(DEADLINE) == 0
    assert (tmp_path / "graceful").exists()


def test_full_stdout_stops_nothing(supervise, tmp_path):
    """Nobody reads the supervisor's stdout: it goes on replacing and stops when told."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    try:
        while os.write(write_end, b"x" * 4096):
            pass
    except BlockingIOError:
        pass
    os.set_blocking(write_end, True)
    supervisor = supervise(HEAD.replace("/dev/null", f"{tmp_path}/main.log") +
                           "[program:x]\ncommand = /bin/sleep 1000\nstartsecs = 0\n",
                           stdout=write_end)
    log = tmp_path / "main.log"
    wait_until(lambda: log.exists() and "spawned: 'x'" in log.read_text(), what="the start")
    kill(int(re.findall(r"spawned: 'x' with pid (\d+)", log.read_text())[0]))
    wait_until(lambda: log.read_text().count("spawned: 'x'") == 2, what="the replacement")
    supervisor.process.terminate()
    assert supervisor.process.wait(DEADLINE) == 0
    os.close(read_end)
    os.close(write_end)


def test_hup_and_usr1_change_nothing(supervise):
    supervisor = supervise(HEAD + "[program:x]\ncommand = /bin/sleep 1000\n")
    pid = wait_running(supervisor, "x")
    supervisor.process.send_signal(signal.SIGHUP)
    wait_log(supervisor, "update: no process group has changed")
    supervisor.process.send_signal(signal.SIGUSR1)
    wait_log(supervisor, "received SIGUSR1, which means nothing here")
    assert is_alive(pid)
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- messages

def test_version_and_help():
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", forkserver("--version").stdout)
    assert forkserver("-h").stdout.startswith("forkserver, in place of supervisord")
    for wrong in ["--no-such-option"], ["positional"]:
        run = forkserver(*wrong)
        assert run.returncode == 2 and "For help, use" in run.stderr


BROKEN = [
    ("[program:x]\ncommand = /bin/true\nuser = nobody-of-this-name\n",
     ["[program:x]", "nobody-of-this-name"]),
    ("[socket:s]\nlisten = tcp://192.0.2.1:80\n",
     [":5: [socket:s]", "tcp://192.0.2.1:80", "Cannot assign requested address"]),
    ("[socket:s]\nlisten = unix:///no/such/directory/s\n",
     [":5: [socket:s]", "unix:///no/such/directory/s", "No such file or directory"]),
    ("[zygote:z]\npython = /no/such/venv\npreload = json\n[program:x]\nzygote = z\ncommand = a:b\n",
     [":5: [zygote:z]", "/no/such/venv"]),
    ("[zygote:z]\npython = /bin/true\npreload = json\n[program:x]\nzygote = z\ncommand = a:b\n",
     [":5: [zygote:z]", "/bin/true does not answer as a Python interpreter does"]),
    ("[zygote:z]\npython = {here}/python\npreload = json\n[program:x]\nzygote = z\ncommand = a:b\n",
     [":5: [zygote:z]", "is Python 3.99.1, but forkserver was built for Python 3.", "--with-python"]),
    ("[zygote:z]\npython = {here}/venv\npreload = json\n[program:x]\nzygote = z\ncommand = a:b\n",
     [":5: [zygote:z]", "/venv/bin/python is a broken link", "make the venv again"]),
    ("[zygote:z]\npreload = json\ndirectory = /no/such\n[program:x]\nzygote = z\ncommand = a:b\n",
     [":5: [zygote:z]", "chdir to /no/such: No such file or directory"]),
    ("[program:x]\nprocess_name = y\n", ["program section", "x does not specify a command"]),
]


@pytest.mark.parametrize("text, parts", BROKEN, ids=["user", "address", "path", "no venv", "no Python",
                                                     "version", "broken venv", "directory",
                                                     "command"])
def test_broken_configuration(tmp_path, text, parts):
    config = tmp_path / "broken.conf"
    config.write_text(HEAD + text.replace("{here}", str(tmp_path)))
    future = tmp_path / "python"
    future.write_text("#!/bin/sh\necho implementation=cpython\necho version=3.99.1\n"
                      "echo base_prefix=/usr\necho gil_disabled=0\n")
    future.chmod(0o755)
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").symlink_to("/no/such/python")
    run = forkserver("-c", config, cwd=tmp_path)
    assert run.returncode == 2, run
    for part in parts:
        assert part in run.stderr
    assert "spawned" not in run.stdout


def test_check_config(tmp_path):
    config = tmp_path / "x.conf"
    config.write_text(HEAD + "[program:x]\ncommand = /bin/true\n")
    assert forkserver("--check-config", "-c", config).returncode == 0
    assert not (tmp_path / "forkserver.pid").exists()
    missing = forkserver("--check-config", "-c", tmp_path / "missing")
    assert missing.returncode == 2 and "missing" in missing.stderr


def test_address_in_use(supervise, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = tmp_path / "x.conf"
        config.write_text(HEAD + f"[socket:s]\nlisten = tcp://127.0.0.1:{port}\n")
        run = forkserver("-c", config)
    assert run.returncode == 2
    assert f"cannot listen on tcp://127.0.0.1:{port}: Address already in use" in run.stderr


def test_stale_unix_socket_is_replaced_and_a_live_one_is_not(supervise, tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    text = HEAD + f"[socket:s]\nlisten = unix://{path}\n[program:x]\ncommand = /bin/sleep 1000\n"
    supervisor = supervise(text)
    wait_pid(supervisor, "x")
    config = tmp_path / "second.conf"
    config.write_text(text.replace("forkserver.pid", "second.pid"))
    run = forkserver("-c", config)
    assert run.returncode == 2 and "another program listens there" in run.stderr
    assert path.exists()
    assert supervisor.stop() == 0


def test_second_supervisor_is_refused(supervise, tmp_path):
    text = HEAD + "[program:x]\ncommand = /bin/sleep 1000\n"
    supervisor = supervise(text)
    wait_pid(supervisor, "x")
    config = tmp_path / "second.conf"
    config.write_text(text)
    run = forkserver("-c", config)
    assert run.returncode == 2
    assert f"forkserver is running already (pid {supervisor.pid}" in run.stderr
    assert supervisor.stop() == 0
    assert not (tmp_path / "forkserver.pid").exists()


def test_daemon(tmp_path):
    config = tmp_path / "x.conf"
    config.write_text(HEAD.replace("logfile = /dev/null", "logfile = %(here)s/main.log") +
                      "[program:x]\ncommand = /bin/sleep 1000\n")
    run = forkserver("--daemon", "-c", config)
    assert run.returncode == 0, run
    pid = int((tmp_path / "forkserver.pid").read_text())
    wait_until(lambda: "spawned: 'x'" in (tmp_path / "main.log").read_text(), what="the program")
    assert os.getsid(pid) != os.getsid(0)
    assert os.readlink(f"/proc/{pid}/fd/1") == "/dev/null"
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_alive(pid), what="the daemon's end")


def test_daemon_tells_how_its_start_failed(tmp_path):
    config = tmp_path / "x.conf"
    config.write_text(HEAD + "[zygote:z]\npython = /no/such/venv\npreload = json\n"
                      "[program:x]\nzygote = z\ncommand = a:b\n")
    run = forkserver("--daemon", "-c", config)
    assert run.returncode == 2
    assert "/no/such/venv" in run.stderr
