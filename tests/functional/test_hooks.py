"""prestart and poststop: what runs around a program."""
import os
import re
import signal
import socket
import xmlrpc.client

import pytest

from conftest import wait_until
from supervisor_util import has_log, is_alive, kill, pids, wait_log, wait_pid, wait_running

HEAD = """[supervisord]
logfile = /dev/null
childlogdir = %(here)s
loglevel = debug
"""


def lines(path):
    return path.read_text().split() if path.exists() else []


def test_around_every_start_and_end(supervise, tmp_path):
    story = tmp_path / "story"
    supervisor = supervise(HEAD + f"""
[program:s]
command = /bin/sh -c "echo run >>{story}; exec sleep 1000"
prestart = /bin/sh -c "echo before >>{story}"
poststop = /bin/sh -c "sleep 0.2; echo after >>{story}"
startsecs = 0
autorestart = true
""")
    wait_running(supervisor, "s")
    supervisor.wait_for(lambda: lines(story) == ["before", "run"], "no run")
    kill(pids(supervisor, "s")[0])
    wait_running(supervisor, "s", 2)
    # the next start has waited for the end of what follows the last one
    supervisor.wait_for(lambda: lines(story) == ["before", "run", "after", "before", "run"],
                        "no second run")
    assert has_log(supervisor, "s: waiting for its poststop command")
    assert supervisor.stop() == 0
    assert lines(story)[-1] == "after"


def test_surroundings(supervise, tmp_path):
    """As the program's own: environment, directory, output; no sockets."""
    (tmp_path / "work").mkdir()
    supervisor = supervise(HEAD + f"""
[socket:x]
listen = unix://{tmp_path}/x.sock
[program:s]
command = /bin/sleep 1000
prestart = /bin/sh -c "pwd; echo $COLOUR $SUPERVISOR_PROCESS_NAME $LISTEN_FDS; umask; echo err >&2; ls /proc/self/fd | wc -w"
environment = COLOUR="blue"
directory = {tmp_path}/work
umask = 027
sockets = x
startsecs = 0
stdout_logfile = {tmp_path}/out
stderr_logfile = {tmp_path}/err
""")
    wait_running(supervisor, "s")
    supervisor.wait_for(lambda: (tmp_path / "err").exists() and
                        (tmp_path / "err").read_text() == "err\n", "no output")
    supervisor.wait_for(lambda: len(lines(tmp_path / "out")) == 5, "no output")
    assert lines(tmp_path / "out") == [str(tmp_path / "work"), "blue", "s", "0027", "4"]
    assert supervisor.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start programs as another user")
def test_user(supervise, tmp_path):
    supervisor = supervise(HEAD + f"""
[program:s]
command = /bin/sleep 1000
prestart = /usr/bin/id -un
user = nobody
startsecs = 0
stdout_logfile = {tmp_path}/out
""")
    wait_running(supervisor, "s")
    supervisor.wait_for(lambda: lines(tmp_path / "out") == ["nobody"], "no output")
    assert supervisor.stop() == 0


@pytest.mark.parametrize("command, why", [
    ("/bin/sh -c 'exit 3'", "prestart exited with status 3"),
    ("/bin/sh -c 'kill -9 $$'", "prestart was terminated by SIGKILL"),
    ("/nonexistent/hook", "prestart: can't find command '/nonexistent/hook'"),
    ("/bin/sleep 1000", "prestart took longer than hooksecs allows")])
def test_a_failed_prestart_is_a_failed_start(supervise, command, why):
    supervisor = supervise(HEAD + f"""
[program:s]
command = /bin/sleep 1000
prestart = {command}
hooksecs = 1
startretries = 1
""")
    wait_log(supervisor, "gave up: s")
    assert len(re.findall(f"spawnerr: {re.escape(why)}", supervisor.output())) == 2
    assert not pids(supervisor, "s")
    assert supervisor.stop() == 0


def test_a_failed_poststop_is_only_told(supervise):
    supervisor = supervise(HEAD + """
[program:s]
command = /bin/sleep 1000
poststop = /bin/sh -c "exit 4"
startsecs = 0
autorestart = true
""")
    kill(wait_running(supervisor, "s"))
    wait_log(supervisor, "WARN s: poststop exited with status 4")
    wait_running(supervisor, "s", 2)
    assert supervisor.stop() == 0


def test_a_deaf_hook_is_killed(supervise, tmp_path):
    deaf = (f"/bin/sh -c \"trap '' TERM; echo $$ >{tmp_path}/pid; "
            "while :; do sleep 0.05; done\"")
    supervisor = supervise(HEAD + f"""
[program:s]
command = /bin/sleep 1000
prestart = {deaf}
hooksecs = 1
stopwaitsecs = 1
startretries = 0
""")
    wait_log(supervisor, "spawnerr: prestart took longer than hooksecs allows")
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_alive(pid), what="the end of the hook")
    assert supervisor.stop() == 0


def test_stop_while_prestart_runs(supervise, tmp_path):
    supervisor = supervise(HEAD + f"""
[program:s]
command = /bin/sleep 1000
prestart = /bin/sh -c "echo $$ >{tmp_path}/pid; exec sleep 1000"
""")
    supervisor.wait_for(lambda: lines(tmp_path / "pid"), "no prestart")
    pid = int((tmp_path / "pid").read_text())
    assert supervisor.stop() == 0
    assert not is_alive(pid)
    assert has_log(supervisor, r"stopped: s \(it had not started yet\)")


def test_in_a_hurry_hooks_are_killed(supervise, tmp_path):
    supervisor = supervise(HEAD + f"""
[program:s]
command = /bin/sleep 1000
poststop = /bin/sh -c "trap '' TERM; echo $$ >{tmp_path}/pid; while :; do sleep 0.05; done"
startsecs = 0
""")
    wait_running(supervisor, "s")
    os.kill(supervisor.pid, signal.SIGTERM)
    supervisor.wait_for(lambda: lines(tmp_path / "pid"), "no poststop")
    os.kill(supervisor.pid, signal.SIGINT)
    assert supervisor.process.wait(60) == 0
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_alive(pid), what="the end of the hook")


def test_of_a_worker(supervise, tmp_path):
    (tmp_path / "app.py").write_text("import signal\ndef serve():\n    signal.pause()\n")
    supervisor = supervise(HEAD + f"""
[zygote:z]
python = /usr/bin/python3
preload = app
path = {tmp_path}
environment = SHADE="dark"
[program:w]
zygote = z
command = app:serve
startsecs = 0
prestart = /bin/sh -c "echo $SHADE >>{tmp_path}/story"
poststop = /bin/sh -c "echo $SUPERVISOR_PROCESS_NAME >>{tmp_path}/story"
autorestart = true
""")
    kill(wait_running(supervisor, "w"))
    wait_pid(supervisor, "w", 2)
    assert lines(tmp_path / "story") == ["dark", "w", "dark"]
    assert supervisor.stop() == 0


def test_status_while_prestart_runs(supervise, tmp_path):
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    supervisor = supervise(HEAD + f"""
[inet_http_server]
port = 127.0.0.1:{port}
[program:s]
command = /bin/sleep 1000
prestart = /bin/sh -c "until [ -e {tmp_path}/go ]; do sleep 0.05; done"
poststop = /bin/sh -c "until [ -e {tmp_path}/gone ]; do sleep 0.05; done"
startsecs = 0
""")
    client = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{port}/RPC2").supervisor
    wait_log(supervisor, "prestart runs with pid")

    def info():
        try:
            return client.getProcessInfo("s")
        except OSError:
            return None
    seen = supervisor.wait_for(info, "no server")
    assert (seen["statename"], seen["pid"]) == ("STARTING", 0)
    assert seen["description"] == "running its prestart command"
    (tmp_path / "go").touch()
    pid = wait_running(supervisor, "s")
    assert info()["pid"] == pid
    # stopped is stopped; but what follows keeps the group, and the next start, waiting
    assert client.stopProcess("s") is True
    assert info()["statename"] == "STOPPED"
    client.startProcess("s", False)
    wait_log(supervisor, "s: waiting for its poststop command")
    assert info()["description"] == "waiting for its poststop command"
    (tmp_path / "gone").touch()
    wait_running(supervisor, "s", 2)
    assert supervisor.stop() == 0
