"""ready, readysecs, watchdogsecs, health: when a process counts as RUNNING, and one that hangs."""
import os
import re
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client

import pytest

from conftest import DEADLINE, free_port, interpreter, wait_until, zygotes
from supervisor_util import (PYTHON, has_log, is_alive, open_fds, pids, wait_log, wait_pid,
                             wait_running, zombies)

HEAD = """[supervisord]
logfile = /dev/null
childlogdir = %(here)s
loglevel = debug
"""

# What a program imports: the sending side of sd_notify(3), and steps that the test allows.
SPEAKER = '''
import array, os, signal, socket, subprocess, sys, time

def send(*lines, **how):
    address = how.get("address") or os.environ["NOTIFY_SOCKET"]
    assert address.startswith("@"), address
    data = how.get("data", "\\n".join(lines).encode())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\\0" + address[1:])
        sender.sendmsg([data], how.get("ancillary", []))

def barrier(**how):
    """As systemd-notify: returns when the supervisor has read all that was sent before."""
    ours, theirs = os.pipe()
    send("BARRIER=1", ancillary=[(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                  array.array("i", [theirs]))], **how)
    os.close(theirs)
    assert os.read(ours, 1) == b""
    os.close(ours)

def await_file(name):
    while not os.path.exists(name):
        time.sleep(0.01)

def tell(name, text=""):
    with open(name + ".tmp", "w") as file:
        file.write(text)
    os.rename(name + ".tmp", name)

def wait():
    while True:
        signal.pause()
'''


class Place:
    """A directory with programs that can speak."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "speaker.py").write_text(SPEAKER)

    def __truediv__(self, name):
        return self.directory / name

    def script(self, name, text):
        """A Python program; its command line."""
        (self.directory / f"{name}.py").write_text(
            f"import sys\nsys.path.insert(0, {str(self.directory)!r})\nfrom speaker import *\n{text}")
        return f"{PYTHON} {self.directory / name}.py"

    def allow(self, name):
        (self.directory / name).touch()


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def program(name, command, **keys):
    lines = [f"[program:{name}]", f"command = {command}", "directory = %(here)s"]
    return "\n".join(lines + [f"{key} = {value}" for key, value in keys.items()]) + "\n"


def order(supervisor, pattern):
    return re.findall(pattern, supervisor.output())


def server(supervise, text):
    """The supervisor with an HTTP server, and a client of it."""
    port = free_port()
    supervisor = supervise(HEAD + f"[inet_http_server]\nport = 127.0.0.1:{port}\n" + text)
    client = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{port}/RPC2").supervisor

    def answers():
        try:
            return client.getState()
        except OSError:
            return None
    supervisor.wait_for(answers, "no server")
    return supervisor, client


# ---------------------------------------------------------------- ready

def test_notify(supervise, place):
    """STARTING until READY=1, whatever startsecs says; its status is shown."""
    command = place.script("app", """
assert int(os.environ["WATCHDOG_PID"]) == os.getpid()
assert os.environ["WATCHDOG_USEC"] == "600000000"
send("STATUS=loading \\x07 é", "MAINPID=1")
barrier()
tell("loaded")
await_file("go")
send("READY=1", "STATUS=serving")
barrier()
tell("told")
wait()
""")
    supervisor, client = server(supervise, program("app", command, ready="notify", startsecs=0,
                                                   watchdogsecs=600)
                                + program("after", "/bin/sleep 1000", startsecs=0,
                                          depends_on="app"))
    supervisor.wait_file(place / "loaded")
    info = client.getProcessInfo("app")
    assert info["statename"] == "STARTING"
    assert info["description"] == "waiting until it is ready (notify): loading ? é"
    assert not pids(supervisor, "after")
    place.allow("go")
    supervisor.wait_file(place / "told")
    info = client.getProcessInfo("app")
    assert info["statename"] == "RUNNING"
    assert re.fullmatch(r"pid \d+, uptime \d:\d\d:\d\d; serving", info["description"])
    wait_running(supervisor, "after")
    assert order(supervisor, r"(\w+) entered RUNNING") == ["app", "after"]
    assert has_log(supervisor, r"app entered RUNNING state, it is ready after [\d.]+ s \(notify\)")
    assert supervisor.stop() == 0


def test_start_returns_when_it_is_ready(supervise, place):
    command = place.script("app", "tell('began')\nawait_file('go')\nsend('READY=1')\nwait()\n")
    supervisor, client = server(supervise, program("app", command, ready="notify",
                                                   autostart="false"))
    assert client.startProcess("app", False) is True
    supervisor.wait_file(place / "began")
    assert client.getProcessInfo("app")["statename"] == "STARTING"
    client.stopProcess("app")
    place.allow("go")
    assert client.startProcess("app") is True
    assert client.getProcessInfo("app")["statename"] == "RUNNING"
    assert supervisor.stop() == 0


def test_a_child_of_a_shell_notifies(supervise, place):
    """As a shell script with systemd-notify: the sender is gone at once."""
    place.script("notify", "send('READY=1')\n")
    (place / "run.sh").write_text(f"{PYTHON} notify.py\nexec sleep 1000\n")
    supervisor = supervise(HEAD + program("app", "/bin/sh run.sh", ready="notify"))
    wait_running(supervisor, "app")
    assert supervisor.stop() == 0


def test_a_sender_that_has_gone(supervise, place):
    """The same, when it is certain that nothing is left of it but its message."""
    place.script("notify", "send('READY=1')\n")
    (place / "run.sh").write_text(f"touch began\nuntil test -e go; do sleep 0.01; done\n"
                                  f"{PYTHON} notify.py\ntouch sent\nexec sleep 1000\n")
    supervisor = supervise(HEAD + program("app", "/bin/sh run.sh", ready="notify"))
    supervisor.wait_for((place / "began").exists, "not begun")
    os.kill(supervisor.pid, signal.SIGSTOP)
    try:
        place.allow("go")
        wait_until((place / "sent").exists, what="its message")
    finally:
        os.kill(supervisor.pid, signal.SIGCONT)
    wait_running(supervisor, "app")
    assert supervisor.stop() == 0


@pytest.fixture
def shop(place):
    (place / "shop.py").write_text("import sys\ndef serve():\n    import app\n")
    version = list(zygotes())[-1]
    return (f"[zygote:shop]\npython = {interpreter(version)}\npath = %(here)s\npreload = shop\n"
            "[program:web]\nzygote = shop\ncommand = shop:serve\ndirectory = %(here)s\n")


def test_notify_of_a_worker(supervise, place, shop):
    place.script("app", """
assert int(os.environ["WATCHDOG_PID"]) == os.getpid()
tell("began")
await_file("go")
while True:
    send("READY=1", "WATCHDOG=1")
    if os.path.exists("hang"):
        tell("hung")
        wait()
    time.sleep(0.05)
""")
    supervisor = supervise(HEAD + shop + "ready = notify\nwatchdogsecs = 1\nstopwaitsecs = 600\n")
    supervisor.wait_file(place / "began")
    assert not has_log(supervisor, "web entered RUNNING")
    place.allow("go")
    pid = wait_running(supervisor, "web")
    place.allow("hang")
    supervisor.wait_file(place / "hung")
    (place / "hang").unlink()
    wait_log(supervisor, r"ERRO web: unhealthy: no WATCHDOG=1 for 1 s \(watchdogsecs\)")
    assert wait_running(supervisor, "web", 2) != pid
    wait_log(supervisor, r"exited: web \(terminated by SIGTERM; not expected\)")
    assert supervisor.stop() == 0


SERVER = """
import http.server
await_file("go")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as file:
            file.write(self.path + " " + self.headers["Host"] + "\\n")
        self.send_response(503 if os.path.exists("ill") else 200)
        self.end_headers()
        self.wfile.write(b"x" * 10000)
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
"""


@pytest.mark.parametrize("form", ["tcp://127.0.0.1:{}", "http://localhost:{}/healthz?x=1"])
def test_network(supervise, place, form):
    """Nobody listens until it is allowed; then the page must be there."""
    port = free_port()
    command = place.script("app", SERVER.replace("PORT", str(port)))
    place.allow("ill")
    supervisor, client = server(supervise, program("app", command, ready=form.format(port)))
    wait_pid(supervisor, "app")
    info = client.getProcessInfo("app")
    assert (info["statename"], info["spawnerr"]) == ("STARTING", "")
    place.allow("go")
    if form.startswith("http"):
        supervisor.wait_for((place / "asked").exists, "no request")
        assert not has_log(supervisor, "app entered RUNNING")
        (place / "ill").unlink()
    wait_running(supervisor, "app")
    if form.startswith("http"):
        assert (place / "asked").read_text().splitlines()[0] == f"/healthz?x=1 127.0.0.1:{port}"
    assert supervisor.stop() == 0


def test_exec(supervise, place):
    """Asked with the program's environment, but what would let it speak for the program."""
    place.script("check", "assert os.environ['COLOUR'] == 'blue'\n"
                 "assert 'NOTIFY_SOCKET' not in os.environ and 'WATCHDOG_PID' not in os.environ\n"
                 "open('asked', 'a').close()\n"
                 "sys.exit(0 if os.path.exists('go') else 3)\n")
    supervisor = supervise(HEAD + program("app", "/bin/sleep 1000", watchdogsecs=600,
                                          environment='COLOUR="blue"',
                                          ready=f"exec {PYTHON} check.py"))
    supervisor.wait_for((place / "asked").exists, "no question")
    assert not has_log(supervisor, "app entered RUNNING")
    place.allow("go")
    wait_running(supervisor, "app")
    assert supervisor.stop() == 0


@pytest.mark.parametrize("ready, reason", [
    ("notify", "it has not sent READY=1"),
    ("tcp://127.0.0.1:{}", "connect: Connection refused"),
    ("exec /bin/sh -c 'exit 7'", "the command exited with status 7"),
    ("exec /nonexistent/check", "can't find command '/nonexistent/check'"),
])
def test_not_ready_in_time(supervise, place, ready, reason):
    """A failed start, as any other: back-off, then FATAL, with the reason."""
    ready = ready.format(free_port())
    command = place.script("app", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwait()\n")
    supervisor, client = server(supervise, program("app", command, ready=ready, readysecs=1,
                                                   stopwaitsecs=1, startretries=1))
    why = f"not ready after 1 s (readysecs), {ready}: {reason}"
    wait_log(supervisor, re.escape(f"app: {why}"))
    wait_log(supervisor, r"killing 'app' \(\d+\) with SIGKILL")
    supervisor.wait_for(lambda: client.getProcessInfo("app")["statename"] == "FATAL", "not FATAL")
    info = client.getProcessInfo("app")
    assert info["spawnerr"] == info["description"] == why
    assert len(pids(supervisor, "app")) == 2
    assert not any(is_alive(pid) for pid in pids(supervisor, "app"))
    with pytest.raises(xmlrpc.client.Fault) as fault:
        client.startProcess("app")
    assert fault.value.faultCode == 50
    assert supervisor.stop() == 0


def test_a_first_start_is_asked_with_pauses(supervise, place):
    """0.1 s, 0.2 s, …: not as fast as the machine can."""
    asked = place / "asked"
    command = place.script("app", "wait()\n")
    supervisor = supervise(HEAD + program("app", command, readysecs=int(DEADLINE), startretries=0,
                                          ready=f"exec /bin/sh -c 'date +%%s.%%N >>{asked}; exit 1'"))
    wait_until(lambda: asked.exists() and asked.read_text().count("\n") >= 4, what="four questions")
    times = [float(line) for line in asked.read_text().split()]
    assert times[3] - times[0] > 0.1 + 0.2 + 0.4 - 0.05
    assert supervisor.stop() == 0


def test_exits_before_it_is_ready(supervise, place):
    supervisor, client = server(supervise, program("app", "/bin/true", ready="notify",
                                                   startretries=0, startsecs=0))
    wait_log(supervisor, "gave up: app")
    assert client.getProcessInfo("app")["spawnerr"].startswith("Exited before it was ready")
    assert supervisor.stop() == 0


def test_more_time(supervise, place):
    """EXTEND_TIMEOUT_USEC= puts readysecs off, but not for ever."""
    command = place.script("app", """
send("EXTEND_TIMEOUT_USEC=99999999999")
tell("asked")
await_file("go")
send("READY=1")
wait()
""")
    supervisor = supervise(HEAD + program("app", command, ready="notify", readysecs=20,
                                          startretries=0))
    wait_log(supervisor, r"app: has (199\.\d|200\.0) s from now, as it asked for")
    place.allow("go")
    wait_running(supervisor, "app")
    assert supervisor.stop() == 0


def test_more_time_to_stop(supervise, place):
    command = place.script("app", """
def leave(*ignored):
    send("EXTEND_TIMEOUT_USEC=99999999999")
    await_file("go")
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
send("READY=1")
wait()
""")
    supervisor, client = server(supervise, program("app", command, ready="notify", stopwaitsecs=1))
    wait_running(supervisor, "app")
    client.stopProcess("app", False)
    wait_log(supervisor, r"app: has (9\.\d|10\.0) s from now, as it asked for")
    place.allow("go")
    wait_log(supervisor, r"stopped: app \(exit status 0\)")
    assert not has_log(supervisor, "SIGKILL")
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- one that hangs

def test_missed_watchdog(supervise, place):
    """What it was doing is said; TERM, then KILL; then it is started again."""
    command = place.script("app", """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
ours, theirs = os.pipe()
send("READY=1", "WATCHDOG=1")
os.read(ours, 1)
""")
    supervisor = supervise(HEAD + program("app", command, ready="notify", watchdogsecs=1,
                                          stopwaitsecs=1, autorestart="unexpected"))
    pid = wait_running(supervisor, "app")
    wait_running(supervisor, "app", 2)
    assert not is_alive(pid)
    lines = [line.split(" ", 2)[2] for line in supervisor.output().splitlines()
             if re.search("app: |exited: app|killing 'app'", line)]
    killing = f"WARN killing 'app' ({pid}) with SIGKILL"
    while lines.count(killing) > 1:  # once a second, until a busy machine has seen to it
        lines.remove(killing)
    begin = lines.index("ERRO app: unhealthy: no WATCHDOG=1 for 1 s (watchdogsecs)")
    assert re.fullmatch(rf"WARN app: pid {pid} is in state S \(sleeping\), in system call read of fd "
                        r"\d+ \(pipe:\[\d+\]\)(, the kernel waits in \w+)?", lines[begin + 1])
    assert lines[begin + 2] == (f"WARN app: stopping pid {pid} with SIGTERM, and with SIGKILL after "
                                "1 s (stopwaitsecs)")
    assert lines[begin + 3] == killing
    assert lines[begin + 4] == "WARN exited: app (terminated by SIGKILL; not expected)"
    assert supervisor.stop() == 0


def test_a_stopped_process_is_found(supervise, place):
    command = place.script("app", "send('READY=1')\nwhile True:\n"
                           "    send('WATCHDOG=1')\n    time.sleep(0.05)\n")
    supervisor = supervise(HEAD + program("app", command, ready="notify", watchdogsecs=1,
                                          stopwaitsecs=1))
    pid = wait_running(supervisor, "app")
    os.kill(pid, signal.SIGSTOP)
    wait_log(supervisor, rf"app: pid {pid} is in state T \(stopped by a signal\)")
    wait_running(supervisor, "app", 2)
    assert not is_alive(pid)
    assert supervisor.stop() == 0


def test_our_own_pause_is_not_held_against_it(supervise, place):
    """What was sent while the supervisor itself stood still is read before it judges."""
    command = place.script("app", """
send("READY=1")
tell("ready")
await_file("go")
send("WATCHDOG=1")
tell("sent")
wait()
""")
    supervisor = supervise(HEAD + program("app", command, ready="notify", watchdogsecs=3))
    supervisor.wait_file(place / "ready")
    pid = wait_running(supervisor, "app")
    os.kill(supervisor.pid, signal.SIGSTOP)
    try:
        end = time.monotonic() + 3.5  # the time is what is tested
        place.allow("go")
        wait_until((place / "sent").exists, what="its message")
        wait_until(lambda: time.monotonic() > end, what="the end of the pause")
    finally:
        os.kill(supervisor.pid, signal.SIGCONT)
    os.kill(supervisor.pid, signal.SIGUSR2)  # the log says when it was seen
    wait_log(supervisor, "received SIGUSR2")
    assert is_alive(pid) and not has_log(supervisor, "unhealthy")
    assert supervisor.stop() == 0


def test_it_asks_to_be_ended(supervise, place):
    command = place.script("app", "send('READY=1')\nsend('WATCHDOG=trigger')\nwait()\n")
    supervisor = supervise(HEAD + program("app", command, ready="notify", watchdogsecs=600))
    wait_log(supervisor, r"app: unhealthy: it says so itself \(WATCHDOG=trigger\)")
    wait_pid(supervisor, "app", 2)
    assert supervisor.stop() == 0


def test_says_that_it_stops_and_does_not(supervise, place):
    command = place.script("app", "send('READY=1')\nsend('STOPPING=1')\n"
                           "while True:\n    send('WATCHDOG=1')\n    time.sleep(0.05)\n")
    supervisor = supervise(HEAD + program("app", command, ready="notify", watchdogsecs=600,
                                          stopwaitsecs=1))
    wait_log(supervisor, r"app: unhealthy: it said STOPPING=1 and is still there after 1 s")
    wait_pid(supervisor, "app", 2)
    assert supervisor.stop() == 0


def test_health(supervise, place):
    """Two failures, then well again; three in a row are too many."""
    port = free_port()
    command = place.script("app", SERVER.replace("PORT", str(port)))
    url = f"http://127.0.0.1:{port}/"
    place.allow("go")
    supervisor = supervise(HEAD + program("app", command, ready=url,
                                          health=f"{url} every 1s fail 3"))
    pid = wait_running(supervisor, "app")
    place.allow("ill")
    wait_log(supervisor, "app: health check 2 of 3 failed .*: it answered with status 503")
    (place / "ill").unlink()
    wait_log(supervisor, "app: health check succeeds again")
    assert is_alive(pid)
    place.allow("ill")
    wait_log(supervisor, f"ERRO app: unhealthy: 3 health checks in a row failed .{url}.: "
             "it answered with status 503")
    (place / "ill").unlink()
    assert wait_running(supervisor, "app", 2) != pid
    wait_log(supervisor, "exited: app .*not expected")
    assert supervisor.stop() == 0


def test_health_of_a_stopped_process(supervise, place):
    """The kernel goes on taking connections for it; but nothing answers."""
    port = free_port()
    command = place.script("app", SERVER.replace("PORT", str(port)))
    url = f"http://127.0.0.1:{port}/"
    place.allow("go")
    supervisor = supervise(HEAD + program("app", command, ready=url, stopwaitsecs=1,
                                          health=f"{url} every 1s fail 2 timeout 1s"))
    pid = wait_running(supervisor, "app")
    os.kill(pid, signal.SIGSTOP)
    wait_log(supervisor, "app: unhealthy: 2 health checks in a row failed .*: no answer within 1 s")
    wait_running(supervisor, "app", 2)
    assert supervisor.stop() == 0


@pytest.mark.parametrize("end, reason", [("wait", "took longer than its timeout allows"),
                                         ("exit 3", "exited with status 3")])
def test_a_health_command_leaves_nothing(supervise, place, end, reason):
    """One that has a child of its own, and hangs or leaves it behind: all are killed."""
    (place / "check.sh").write_text(f"sleep 1000 & echo $! >>children; echo $$ >>checks; {end}\n")
    supervisor = supervise(HEAD + program("app", "/bin/sleep 1000", startsecs=0,
                                          health="exec /bin/sh check.sh every 1s fail 2"))
    pid = wait_running(supervisor, "app")
    wait_log(supervisor, f"app: unhealthy: 2 .*: the command {reason}")
    wait_running(supervisor, "app", 2)
    assert not is_alive(pid)
    assert supervisor.stop() == 0
    left = [int(pid) for name in ("checks", "children")
            for pid in (place / name).read_text().split()]
    assert len(left) >= 4
    wait_until(lambda: not any(is_alive(pid) for pid in left), what="the end of the checks")


def test_checks_leak_nothing(supervise, place):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    port = listener.getsockname()[1]
    supervisor = supervise(HEAD + "".join(
        program(f"p{i}", "/bin/sleep 1000", startsecs=0, health=f"{check} every 1s fail 1000")
        for i, check in enumerate([f"tcp://127.0.0.1:{port}", f"http://127.0.0.1:{port}/ timeout 1s",
                                   f"tcp://127.0.0.1:{free_port()}", "exec /bin/false"])))
    with listener:
        wait_log(supervisor, "p3: health check 1 of 1000 failed")
        wait_log(supervisor, "p1: health check 1 of 1000 failed")
        # at rest: no check is being made
        before = supervisor.wait_for(lambda: None if zombies(supervisor.pid) else
                                     open_fds(supervisor.pid), "zombies")
        wait_log(supervisor, "p3: health check 4 of 1000 failed")
        assert open_fds(supervisor.pid) <= before + 3
    assert supervisor.stop() == 0


def test_a_check_that_cannot_be_made_does_not_count(supervise, place):
    supervisor = supervise(HEAD + program("app", "/bin/sleep 1000", startsecs=0,
                                          health="exec ./check every 1s fail 1"))
    pid = wait_running(supervisor, "app")
    wait_log(supervisor, r"WARN app: cannot be asked by exec \./check: can't find command '\./check'; "
             "that does not count")
    (place / "check").write_text("#!/bin/sh\nexit 4\n")
    (place / "check").chmod(0o755)
    wait_log(supervisor, "app: unhealthy: 1 health checks in a row .*exited with status 4")
    assert pids(supervisor, "app")[0] == pid
    assert supervisor.stop() == 0


def test_a_new_health_check_needs_no_restart(supervise, place):
    text = HEAD + program("app", "/bin/sleep 1000", startsecs=0)
    supervisor, client = server(supervise, text[len(HEAD):])
    pid = wait_running(supervisor, "app")
    config = place / "forkserver-0.conf"
    config.write_text(config.read_text() + "health = exec /bin/false every 1s fail 2\n")
    os.kill(supervisor.pid, signal.SIGHUP)
    wait_log(supervisor, "app: health check 1 of 2 failed")
    assert pids(supervisor, "app")[0] == pid
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- nobody else's word

HOSTILE = """
to = {"address": sys.argv[1]}
for _ in range(3):
    send("READY=1", "STATUS=forged", "WATCHDOG=trigger", **to)
send(data=b"READY=1\\n" + b"x" * 100000, **to)
barrier(**to)
"""

# It is gone when its message is read; only its user is known.
GONE = """
os.setuid(65534)
send("READY=1", "STATUS=forged", address=sys.argv[1])
os._exit(0)
"""


def test_strangers_are_not_believed(supervise, place):
    """Another process of the same user, NULs, what is too long, nonsense, fds."""
    command = place.script("app", """
tell("address", os.environ["NOTIFY_SOCKET"])
await_file("noise")
fd = os.open("/dev/null", os.O_RDONLY)
fds = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd] * 200))]
send(data=b"READY=1\\0STATUS=nul")
send(data=b"\\0")
send(data=b"READY=1\\n" * 10000)
send(data=b"")
send(data=b"READY=11\\nready=1\\n READY=1\\nREADY =1\\n=\\nSTATUS")
for _ in range(3):
    send("X=1", ancillary=fds)
barrier()
tell("noisy")
await_file("go")
send("READY=1", "STATUS=" + "s" * 3000)
barrier()
tell("told")
wait()
""")
    stranger = place.script("stranger", HOSTILE)
    supervisor, client = server(supervise, program("app", command, ready="notify", watchdogsecs=600)
                                + program("other", "/bin/sleep 1000", startsecs=0))
    address = supervisor.wait_file(place / "address")
    before = open_fds(supervisor.pid)
    subprocess.run([*stranger.split(), address], check=True, start_new_session=True)
    wait_log(supervisor, r"app: a notification of pid \d+, uid \d+ is ignored: it is too long")
    place.allow("noise")
    supervisor.wait_file(place / "noisy")
    info = client.getProcessInfo("app")
    assert info["statename"] == "STARTING"
    assert "nul" not in info["description"]
    assert open_fds(supervisor.pid) <= before + 1
    ignored = order(supervisor, r"is ignored: ([\w ]+) \(")
    assert ignored.count("it is not of this process or its group") == 4
    assert ignored.count("there is a NUL in it") == 1
    assert ignored.count("it is too long") == 2
    place.allow("go")
    supervisor.wait_file(place / "told")
    assert re.search("; s{127}$", client.getProcessInfo("app")["description"])
    assert not has_log(supervisor, "unhealthy")
    assert client.getProcessInfo("other")["description"].count(";") == 0
    assert supervisor.stop() == 0


def test_a_living_stranger(supervise, place):
    """A process of the same user in another group, which is still there when it is judged."""
    command = place.script("app", "tell('address', os.environ['NOTIFY_SOCKET'])\nawait_file('go')\n"
                           "send('READY=1')\nwait()\n")
    supervisor, client = server(supervise, program("app", command, ready="notify"))
    address = supervisor.wait_file(place / "address")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"READY=1\nSTATUS=forged", "\0" + address[1:])
    wait_log(supervisor, rf"app: a notification of pid {os.getpid()}, .*: it is not of this process")
    info = client.getProcessInfo("app")
    assert info["statename"] == "STARTING" and "forged" not in info["description"]
    place.allow("go")
    wait_running(supervisor, "app")
    assert supervisor.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_another_user_that_has_gone(supervise, place):
    command = place.script("app", "tell('address', os.environ['NOTIFY_SOCKET'])\nawait_file('go')\n"
                           "send('READY=1')\nwait()\n")
    gone = place.script("gone", GONE)
    supervisor, client = server(supervise, program("app", command, ready="notify"))
    address = supervisor.wait_file(place / "address")
    os.kill(supervisor.pid, signal.SIGSTOP)
    try:
        subprocess.run([*gone.split(), address], check=True, start_new_session=True)
    finally:
        os.kill(supervisor.pid, signal.SIGCONT)
    wait_log(supervisor, r"app: a notification of pid \d+, uid 65534 is ignored: it is not of this")
    assert client.getProcessInfo("app")["statename"] == "STARTING"
    place.allow("go")
    wait_running(supervisor, "app")
    assert supervisor.stop() == 0


def test_a_flood_delays_nobody(supervise, place):
    """One that sends without end waits itself; the supervisor answers, another's watchdog runs."""
    flood = place.script("flood", "send('READY=1')\nwhile True:\n    send('STATUS=x')\n")
    calm = place.script("calm", "send('READY=1')\nwhile True:\n    send('WATCHDOG=1')\n"
                        "    time.sleep(0.1)\n")
    supervisor, client = server(supervise, program("flood", flood, ready="notify")
                                + program("calm", calm, ready="notify", watchdogsecs=2))
    wait_log(supervisor, "flood: sends too many notifications; 100 a second are read")
    wait_running(supervisor, "calm")
    wait_until(lambda: client.getProcessInfo("calm")["now"] - client.getProcessInfo("calm")["start"]
               >= 3, what="three seconds of it")
    assert client.getProcessInfo("calm")["statename"] == "RUNNING"
    assert not has_log(supervisor, "unhealthy")
    assert supervisor.stop() == 0


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
