"""What processes take of CPU and memory: `forkserverctl memory` and `top`, forkserver.usage, /api/v1/usage."""
import fcntl
import http.client
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import time
import xmlrpc.client

import pytest

from conftest import DEADLINE, VERSIONS, builddir, interpreter, proc_status, wait_until
from supervisor_util import kill, wait_pid, wait_running

MIB = 1 << 20
SHARED, OWN = 40 * MIB, 8 * MIB  # what the application has before the fork, and each worker for itself

APPLICATION = f'''
import signal
SHARED = bytearray(b"x" * {SHARED})

def serve():
    own = bytearray(b"y" * {OWN})
    print("serving", flush=True)
    while True:
        signal.pause()

def burn():
    while True:
        pass
'''

HEAD = """[supervisord]
logfile = /dev/null
pidfile = {0}/pid
childlogdir = {0}
[unix_http_server]
file = {0}/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
PLAIN = """[program:cat]
command = /bin/cat
[program:many]
command = /bin/sleep 100000
process_name = m_%(process_num)d
numprocs = 2
startsecs = 0
[program:off]
command = /bin/cat
autostart = false
"""


def ctl(directory, *words, **more):
    return subprocess.run([builddir() / "forkserverctl", "-s", f"unix://{directory}/s", *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, timeout=DEADLINE, **more)


def ctl_json(directory, *words):
    run = ctl(directory, "--json", *words)
    assert run.returncode == 0, run
    return json.loads(run.stdout)


def request(directory, method, path, body=None):
    connection = http.client.HTTPConnection("localhost", timeout=DEADLINE)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(DEADLINE)
    connection.sock.connect(f"{directory}/s")
    try:
        connection.request(method, path, body, {"Content-Type": "text/xml"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def rollup(pid):
    """Our own reading: {"pss": bytes, "private": …, "shared": …, "forked": …}."""
    kb = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        kb[name] = int(value.split()[0]) * 1024
    return {"pss": kb["Pss"], "private": kb["Private_Clean"] + kb["Private_Dirty"],
            "shared": kb["Shared_Clean"] + kb["Shared_Dirty"], "forked": kb["Shared_Dirty"]}


def cpu_seconds(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def near(a, b):
    """Pages come and go between two readings."""
    return abs(a - b) < MIB + .1 * max(a, b)


@pytest.fixture
def plain(supervise, tmp_path):
    supervisor = supervise(HEAD.format(tmp_path) + PLAIN)
    for name in ("cat", "m_0", "m_1"):
        wait_running(supervisor, name)
    yield supervisor
    assert supervisor.stop() == 0


class Family:
    """Three workers of a zygote, and three processes of the same application that were started alone."""

    def __init__(self, supervise, directory, version):
        self.directory = directory
        (directory / "shop.py").write_text(APPLICATION)
        self.supervisor = supervise(HEAD.format(directory) + f"""[zygote:app]
python = {interpreter(version)}
path = {directory}
preload = shop
[program:web]
zygote = app
command = shop:serve
process_name = web_%(process_num)d
numprocs = 3
stdout_logfile = {directory}/%(process_num)d.web
[program:alone]
command = {interpreter(version)} -c "import shop; shop.serve()"
directory = {directory}
process_name = alone_%(process_num)d
numprocs = 3
stdout_logfile = {directory}/%(process_num)d.alone
""")
        self.pids = {}
        for group in ("web", "alone"):
            for number in range(3):
                log = directory / f"{number}.{group}"
                self.supervisor.wait_for(lambda log=log: log.exists() and "serving" in log.read_text(), f"no {log}")
                self.pids[f"{group}:{group}_{number}"] = wait_pid(self.supervisor, f"{group}_{number}")


def test_memory_is_what_proc_says(supervise, tmp_path, version):
    """Every figure beside our own reading; the estimate beside what separate starts really cost."""
    family = Family(supervise, tmp_path, version)
    lines = {(each["kind"], each.get("group", "zygote") + ":" + each["name"]): each
             for each in ctl_json(tmp_path, "memory")}
    real = {}
    for name, pid in family.pids.items():
        line, real[name] = lines["process", name], rollup(pid)
        assert line["pid"] == pid
        for what, value in real[name].items():
            assert near(line[what + "_bytes"], value), (name, what, line, real[name])
        assert line.get("zygote") == ("app" if name.startswith("web") else None)
    web = [real[f"web:web_{number}"] for number in range(3)]
    for each in web:
        assert OWN <= each["private"] < OWN + 8 * MIB and each["forked"] > SHARED
    zygote = lines["zygote", "zygote:app"]
    workers, whole = zygote["workers"], sum(each["pss"] for each in web) + rollup(zygote["pid"])["pss"]
    assert (workers["running"], workers["measured"]) == (3, 3)
    assert near(workers["total_bytes"], whole)
    assert near(workers["private_bytes"], sum(each["private"] for each in web))
    assert workers["shared_bytes"] == workers["total_bytes"] - workers["private_bytes"]
    alone = sum(real[f"alone:alone_{number}"]["pss"] for number in range(3))
    assert abs(workers["separate_bytes"] - alone) < .15 * alone, (workers, alone)
    assert workers["separate_bytes"] - workers["total_bytes"] > 2 * SHARED - 8 * MIB

    run = ctl(tmp_path, "memory")
    assert run.returncode == 0, run
    assert re.search(r"^in MiB +PID +RSS +PSS +PRIVATE +SHARED$", run.stdout, re.M)
    for name, pid in family.pids.items():
        found = re.search(rf"^{name} +{pid} +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)$", run.stdout, re.M)
        rss, pss, private, shared = (float(word) * MIB for word in found.groups())
        assert near(rss, private + shared) and private <= pss <= rss
    said = re.search(r"^zygote:app: 3 workers: ([\d.]+) MiB private \+ ([\d.]+) MiB shared = ([\d.]+) MiB; started separately "
                     r"about ([\d.]+) MiB; saved ([\d.]+) MiB \((\d+) %\)$", run.stdout, re.M)
    private, shared, total, separate, saved, percent = map(float, said.groups())
    assert abs(private + shared - total) < .2 and abs(separate - total - saved) < .2
    assert abs(100 * saved / separate - percent) <= 1
    assert abs(total * MIB - workers["total_bytes"]) < MIB

    # of some of them only, with their zygote
    run = ctl(tmp_path, "memory", "web:web_1")
    assert re.findall(r"^(\S+:\S+) ", run.stdout, re.M) == ["zygote:app", "web:web_1", "zygote:app:"]
    assert family.supervisor.stop() == 0


def test_rpc_and_api(plain, tmp_path):
    pid = wait_pid(plain, "cat")
    plain.wait_for(lambda: "pss_bytes" in ctl_json(tmp_path, "memory", "cat")[0], "not measured")
    status, text = request(tmp_path, "GET", "/api/v1/usage")
    assert status == 200
    usage = json.loads(text)
    assert len(usage["load"]) == 3 and usage["cpus"] == os.cpu_count() and usage["zygotes"] == []
    assert [each["name"] for each in usage["processes"]] == ["cat:cat", "many:m_0", "many:m_1", "off:off"]
    cat, off = usage["processes"][0], usage["processes"][3]
    assert (cat["pid"], cat["state"], cat["run_state"], cat["threads"], cat["zygote"]) == (pid, "RUNNING", "S", 1, None)
    assert near(cat["pss_bytes"], rollup(pid)["pss"]) and cat["memory_age_seconds"] >= 0
    assert near(cat["rss_bytes"], int(proc_status(pid, "VmRSS").split()[0]) * 1024)
    assert off["state"] == "STOPPED" and off["restarts"] == 0
    assert all(off[name] is None for name in off if name.endswith(("_bytes", "_seconds")) or name == "pid")
    assert request(tmp_path, "POST", "/api/v1/usage", "")[0] == 405

    status, text = request(tmp_path, "POST", "/RPC2", xmlrpc.client.dumps((), "forkserver.usage"))
    (usage,), _ = xmlrpc.client.loads(text)
    assert sorted(usage) == ["cpus", "load", "processes", "zygotes"]
    by_name = {each["name"]: each for each in usage["processes"]}
    assert by_name["cat"]["pid"] == pid and by_name["m_0"]["group"] == "many"
    assert "pss_bytes" in by_name["cat"] and "pss_bytes" not in by_name["off"]
    assert by_name["off"]["pid"] == 0


def test_names_and_the_dead(plain, tmp_path):
    pid = wait_pid(plain, "m_0")
    for words in (["memory"], ["top", "-d", "0.1"]):
        run = ctl(tmp_path, *words, "nix", "nix:*", "cat")
        assert run.returncode == 4, run
        assert "nix: ERROR (no such process)\nnix: ERROR (no such group)\n" in run.stdout
        assert run.stdout.count("ERROR") == 2 and re.search(r"\bcat\b", run.stdout)
        run = ctl(tmp_path, *words, "nix")
        assert (run.returncode, run.stdout) == (4, "nix: ERROR (no such process)\n")
        run = ctl(tmp_path, *words, "many:*")
        assert run.returncode == 0 and sorted(re.findall(r"many:m_\d", run.stdout)) == ["many:m_0", "many:m_1"]
    assert re.search(r"^off +- +- +- +- +-  \(not running\)$", ctl(tmp_path, "memory").stdout, re.M)
    assert re.search(r"^STOPPED( +-){8} +0 off$", ctl(tmp_path, "top", "-d", "0.1").stdout, re.M)
    # one that has died and come back: nothing of the old one is shown for it
    kill(pid)
    again = wait_pid(plain, "m_0", 2)
    wait_running(plain, "m_0", 2)
    plain.wait_for(lambda: "pss_bytes" in ctl_json(tmp_path, "memory", "many:m_0")[0], "not measured")
    line = ctl_json(tmp_path, "memory", "many:m_0")[0]
    assert (line["pid"], line["restarts"]) == (again, 1) and near(line["pss_bytes"], rollup(again)["pss"])
    assert ctl(tmp_path, "stop", "many:m_0").returncode == 0
    assert re.search(r"^many:m_0 +- .*\(not running\)$", ctl(tmp_path, "memory", "many:m_0").stdout, re.M)


def test_top_in_batch_mode(supervise, tmp_path):
    (tmp_path / "shop.py").write_text(APPLICATION)
    supervisor = supervise(HEAD.format(tmp_path) + PLAIN + f"""[zygote:app]
python = {interpreter(VERSIONS[0])}
path = {tmp_path}
preload = shop
[program:burn]
zygote = app
command = shop:burn
""")
    pid = wait_running(supervisor, "burn")
    run = ctl(tmp_path, "top", "-n", "2", "-d", "0.3")
    assert run.returncode == 0 and "\x1b" not in run.stdout
    frames = run.stdout.split("\n\nforkserver")
    assert len(frames) == 2
    for frame in frames:
        assert re.search(r"^(forkserver)?  \d\d:\d\d:\d\d  load( \d+\.\d\d){3}, \d+ CPU", frame)
        assert "\n5 processes: 4 RUNNING, 1 STOPPED  1 zygote: 1 READY\n" in frame
        rows = [line.split() for line in frame.split(" NAME\n")[1].splitlines()]
        assert sorted(row[-1] for row in rows) == ["burn", "cat", "many:m_0", "many:m_1", "off", "zygote:app"]
        assert rows[0][-1] == "burn" and rows[0][2] == str(pid) and float(rows[0][3]) > 0  # it takes most
        assert all(float(row[3]) == 0 for row in rows if row[-1] in ("cat", "many:m_0", "many:m_1"))
        assert rows[-1][-1] == "off"
    names = [row.split()[-1] for row in ctl(tmp_path, "top", "-b", "-d.1", "-oname").stdout.split(" NAME\n")[1].splitlines()]
    assert names == ["burn", "cat", "many:m_0", "many:m_1", "off", "zygote:app"]
    supervisor.wait_for(lambda: all("pss_bytes" in each for each in ctl_json(tmp_path, "memory") if each["pid"]), "measured")
    rows = [row.split() for row in ctl(tmp_path, "top", "-d", "0.1", "-o", "mem").stdout.split(" NAME\n")[1].splitlines()]
    sizes = [float(row[6]) for row in rows if row[6] != "-"]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 5

    before = cpu_seconds(pid)
    lines = {each["name"]: each for each in ctl_json(tmp_path, "top", "-d", "0.5")}
    assert before <= lines["burn"]["cpu_seconds"] <= cpu_seconds(pid)
    assert 0 < lines["burn"]["cpu_percent"] <= 110 and lines["cat"]["cpu_percent"] == 0
    assert lines["app"]["kind"] == "zygote" and "cpu_percent" not in lines["off"]
    # nobody reads on: it does not go on for ever
    with subprocess.Popen([builddir() / "forkserverctl", "-s", f"unix://{tmp_path}/s", "top", "-b", "-n", "100000", "-d", "0.1"],
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as top:
        assert top.stdout.readline().startswith(b"forkserver")
        top.stdout.close()
        assert top.wait(DEADLINE) == 0
    assert supervisor.stop() == 0


@pytest.mark.parametrize("words", ["-d 0", "-d x", "-n 0", "-n -1", "-n 1x", "-o pid", "-x", "-d"])
def test_top_options(plain, tmp_path, words):
    run = ctl(tmp_path, "top", *words.split())
    assert run.returncode == 2 and run.stdout.startswith("Error: ") and "top [-b] [-d seconds]" in run.stdout, run


def test_supervisor_is_gone(tmp_path):
    for command in ("memory", "top"):
        run = ctl(tmp_path, command)
        assert run.returncode == 7 and run.stdout == f"unix://{tmp_path}/s no such file\n", run


UNREADABLE = "import ctypes, signal\nctypes.CDLL(None).prctl(4, 0)  # PR_SET_DUMPABLE\nprint('dark', flush=True)\nsignal.pause()\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_memory_that_may_not_be_read(environment):
    """Without privileges the kernel keeps some processes to itself: that is said instead of figures."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="forkserver-top-"))
    try:
        shutil.chown(directory, "nobody")
        (directory / "dark.py").write_text(UNREADABLE)
        config = directory / "c.conf"
        config.write_text(HEAD.format(directory) + f"[program:cat]\ncommand = /bin/cat\n[program:dark]\n"
                          f"command = /usr/bin/python3 {directory}/dark.py\nstdout_logfile = {directory}/out\n")
        for path in directory.iterdir():
            path.chmod(0o644)
        with open(directory / "log", "wb") as log:
            process = subprocess.Popen([builddir() / "forkserver", "-n", "-c", config], cwd="/", env=environment,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, user="nobody", group="nogroup",
                                       extra_groups=[])
        try:
            wait_until(lambda: (directory / "out").exists() and "dark" in (directory / "out").read_text(),
                       what=(directory / "log").read_text())
            run = ctl(directory, "memory")
            assert run.returncode == 0, run
            assert re.search(r"^dark +\d+ +[\d.]+ +- +- +-  \(Permission denied\)$", run.stdout, re.M), run.stdout
            assert re.search(r"^cat +\d+( +[\d.]+){4}$", run.stdout, re.M), run.stdout
            assert ctl_json(directory, "memory", "dark")[0]["memory_error"] == "Permission denied"
            assert "1 not measured" in ctl(directory, "top", "-d", "0.1").stdout
        finally:
            process.terminate()
            assert process.wait(DEADLINE) == 0
    finally:
        shutil.rmtree(directory)


# ---------------------------------------------------------------- the live view

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


class Terminal:
    """A terminal of our own with a program in its foreground."""

    def __init__(self, command, rows=24, columns=80):
        self.ours, self.theirs = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.theirs)
        self.text = ""
        self.process = subprocess.Popen(command, stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
                                        env={**os.environ, "TERM": "xterm"}, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, rows, columns):
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if select.select([self.ours], [], [], seconds)[0]:
            self.text += os.read(self.ours, 65536).decode()
            return True
        return False

    def expect(self, condition, what):
        """Reads until a condition of the text holds."""
        end = time.monotonic() + DEADLINE
        while not condition(self.text):
            left = end - time.monotonic()
            assert left > 0 and self.read(left), f"{what}: {self.text!r}"

    def send(self, keys):
        os.write(self.ours, keys.encode())

    def frame(self):
        """The rows of the last whole frame."""
        frames = re.findall(r"\x1b\[H((?:(?!\x1b\[H).)*)\x1b\[J", self.text, re.S)
        return [re.sub(r"\x1b\[\??\d*[a-zA-Z]", "", line) for line in frames[-1].split("\r\n")] if frames else []

    def expect_frame(self, condition, what):
        self.expect(lambda _: self.frame() and condition(self.frame()), what)

    def wait(self):
        """The exit status; all that was written is read."""
        status = self.process.wait(DEADLINE)
        while self.read(0):
            pass
        return status

    def is_as_before(self):
        return termios.tcgetattr(self.theirs) == self.before and self.text.rstrip().endswith(LEAVE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def terminal(tmp_path):
    opened = []

    def open_one(*words, **size):
        opened.append(Terminal([builddir() / "forkserverctl", "-s", f"unix://{tmp_path}/s", *words], **size))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def names(frame):
    return [line.split()[-1] for line in frame[5:]]


def test_live_view(plain, tmp_path, terminal):
    screen = terminal("top", "-d", "0.2")
    screen.expect_frame(lambda frame: len(frame) == 9, "four processes")
    assert ENTER in screen.text and LEAVE not in screen.text
    assert termios.tcgetattr(screen.theirs)[3] & (termios.ICANON | termios.ECHO) == 0
    screen.send("n")
    screen.expect_frame(lambda frame: names(frame) == ["cat", "many:m_0", "many:m_1", "off"], "sorted by name")
    # it follows what happens
    assert ctl(tmp_path, "stop", "cat").returncode == 0
    screen.expect_frame(lambda frame: frame[1] == "4 processes: 2 RUNNING, 2 STOPPED", "a stop")
    # another size: no row is wider, and no more of them than fit
    screen.resize(7, 30)
    screen.expect_frame(lambda frame: len(frame) == 7 and max(map(len, frame)) == 30, "a small terminal")
    assert screen.frame()[4] == "STATE     S     PID  CPU% THR "
    screen.resize(24, 100)
    screen.expect_frame(lambda frame: len(frame) == 9 and names(frame)[0] == "cat", "a large terminal")
    screen.send("q")
    assert screen.wait() == 0
    assert screen.is_as_before()


@pytest.mark.parametrize("how, status", [("^C", 0), ("TERM", -signal.SIGTERM), ("HUP", -signal.SIGHUP), ("count", 0)])
def test_terminal_is_given_back(plain, tmp_path, terminal, how, status):
    screen = terminal("top", "-d", "0.2" if how == "count" else "1000", *(["-n", "2"] if how == "count" else []))
    screen.expect_frame(lambda frame: len(frame) == 9, "a frame")
    if how == "^C":
        screen.send("\x03")
    elif how != "count":
        os.kill(screen.process.pid, getattr(signal, "SIG" + how))
    assert screen.wait() == status
    assert screen.is_as_before()


def test_suspended(plain, tmp_path, terminal):
    """^Z gives the terminal to the shell, fg takes it again; where there is no shell it does nothing."""
    opened = terminal("top", "-d", "1000")
    opened.expect_frame(lambda frame: len(frame) == 9, "a frame")
    opened.send("\x1a")
    opened.expect(lambda text: text.count(ENTER) == 2 and "many:m_1" in text.rsplit(ENTER, 1)[1], "it goes on")
    opened.send("q")
    assert opened.wait() == 0 and opened.is_as_before()

    script = f"set -m; {builddir()}/forkserverctl -s unix://{tmp_path}/s top -d 1000; echo stopped; read line; fg; echo ended $?"
    screen = Terminal(["/bin/sh", "-c", script])
    try:
        screen.expect_frame(lambda frame: len(frame) == 9, "a frame")
        screen.send("\x1a")
        screen.expect(lambda text: LEAVE in text and "stopped" in text.rsplit(LEAVE, 1)[1], "the shell")
        assert termios.tcgetattr(screen.theirs) == screen.before
        screen.send("\n")
        screen.expect(lambda text: text.count(ENTER) == 2 and "many:m_1" in text.rsplit(ENTER, 1)[1], "it goes on")
        screen.send("q")
        assert screen.wait() == 0
        assert "ended 0" in screen.text.rsplit(LEAVE, 1)[1]
        assert termios.tcgetattr(screen.theirs) == screen.before
    finally:
        screen.close()


def test_supervisor_ends_meanwhile(plain, tmp_path, terminal):
    screen = terminal("top", "-d", "0.1")
    screen.expect_frame(lambda frame: len(frame) == 9, "a frame")
    assert plain.stop() == 0
    assert screen.wait() == 1
    assert termios.tcgetattr(screen.theirs) == screen.before
    assert re.search(r"(no such file|refused connection|SHUTDOWN_STATE|error: .*)\r\n$", screen.text.rsplit(LEAVE, 1)[1])


def test_from_the_shell(plain, tmp_path, terminal):
    """The prompt is there again afterwards, with editing as before."""
    screen = terminal()
    screen.expect(lambda text: "supervisor> " in text, "a prompt")
    screen.send("top -d 0.2\r")
    screen.expect_frame(lambda frame: len(frame) == 9, "a frame")
    screen.send("q")
    screen.expect(lambda text: "supervisor> " in text.rsplit(LEAVE, 1)[-1] and LEAVE in text, "the prompt again")
    screen.send("mem\tma\t")  # "memory " and "many:", where the names part
    screen.expect(lambda text: "memory many:" in re.sub("\a|\r|\x1b\\[\\d*G", "", text), "completion")
    screen.send("m_1\r")
    screen.expect(lambda text: re.search(r"many:m_1 +\d+( +[\d.]+){4}", text), "what it holds")
    screen.send("exit\r")
    assert screen.wait() == 0
    assert termios.tcgetattr(screen.theirs) == screen.before
