"""[socket:*]: kinds of sockets, how programs get them, systemd's, reloads, and what is in the way."""
import json
import os
import pwd
import re
import signal
import socket
import stat
import subprocess
import tempfile
import xmlrpc.client

import pytest

from conftest import DEADLINE, builddir, free_port, interpreter, proc_status, wait_until, zygotes
from supervisor_util import PYTHON, has_log, kill, pids, wait_log, wait_running

HEAD = """[supervisord]
nodaemon = true
logfile = /dev/null
pidfile = %(here)s/forkserver.pid
childlogdir = %(here)s
"""

# Answers on every socket that it has been given, by LISTEN_FDS or by a number in its arguments, once
# the file "go" of its directory is there.
SERVER = """
import json, os, select, socket, sys, time

def serve(directory, *numbers):
    told = {key: value for key, value in os.environ.items() if key.startswith("LISTEN_")}
    fds = [*range(3, 3 + int(told.get("LISTEN_FDS", 0))), *map(int, numbers)]
    sockets = [socket.socket(fileno=os.dup(fd)) for fd in fds]
    open_fds = [int(name) for name in os.listdir("/proc/self/fd")]
    inherited = [fd for fd in open_fds if os.path.exists(f"/proc/self/fd/{fd}") and
                 fd not in [each.fileno() for each in sockets]]
    while not os.path.exists(os.path.join(directory, "go")):
        time.sleep(0.01)
    while True:
        for ready in select.select(sockets, [], [])[0]:
            answer = json.dumps({"pid": os.getpid(), "fd": fds[sockets.index(ready)], "told": told,
                                 "inherited": inherited, "own": ready.getsockname() and
                                 repr(ready.getsockname())}).encode()
            if ready.type == socket.SOCK_DGRAM:
                ready.sendto(answer, ready.recvfrom(100)[1])
                continue
            connection = ready.accept()[0]
            connection.sendall(answer)
            connection.close()

def run():
    serve(*sys.argv[1:])

if __name__ == "__main__":
    run()
"""


class Rig:
    """A directory with the server in it, and a supervisor that can be given another configuration."""

    def __init__(self, supervise, directory):
        self.supervise, self.directory = supervise, directory
        (directory / "server.py").write_text(SERVER)
        self.go()

    def go(self, on=True):
        (self.directory / "go").touch() if on else (self.directory / "go").unlink()

    def program(self, sockets, *numbers, name="server", **keys):
        lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
        words = " ".join(map(str, numbers))
        return (f"[program:{name}]\ncommand = {PYTHON} {self.directory}/server.py {self.directory} "
                f"{words}\nsockets = {sockets}\nstderr_logfile = /dev/stderr\nstartsecs = 0\n"
                f"stdout_logfile = NONE\nreload_watch = 0\n{lines}")

    def start(self, text, **keys):
        self.supervisor = self.supervise(HEAD + text, **keys)
        return self.supervisor

    def write(self, text):
        (self.directory / "forkserver-0.conf").write_text(HEAD + text)

    def reload(self, text):
        """Another configuration, by SIGHUP; returns when it has been taken over."""
        line = r"update: (no process group has changed|(removed|changed|added) process group)"
        before = len(re.findall(line, self.supervisor.output()))
        self.write(text)
        self.supervisor.process.send_signal(signal.SIGHUP)
        wait_log(self.supervisor, line, before + 1)

    def ctl(self, *words):
        return subprocess.run([str(builddir() / "forkserverctl"), "-c",
                               str(self.directory / "forkserver-0.conf"), *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)

    def stop(self):
        assert self.supervisor.stop() == 0


@pytest.fixture
def rig(supervise, tmp_path):
    return Rig(supervise, tmp_path)


def read(connection):
    with connection:
        connection.settimeout(DEADLINE)
        return json.loads(connection.makefile().read())


def connect(address, family=socket.AF_UNIX):
    connection = socket.socket(family)
    connection.settimeout(DEADLINE)
    connection.connect(address)
    return connection


def ask(address, family=socket.AF_UNIX):
    return read(connect(address, family))


def ask_tcp(host, port):
    return read(socket.create_connection((host, port), DEADLINE))


def refused(address, family=socket.AF_UNIX):
    with socket.socket(family) as attempt:
        return attempt.connect_ex(address) != 0


def run(directory, text):
    """A supervisor that is to end at once: its result."""
    config = directory / "run.conf"
    config.write_text(HEAD.replace("forkserver.pid", "run.pid") + text)
    return subprocess.run([str(builddir() / "forkserver"), "-c", str(config)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=DEADLINE)


def inode(pid, fd):
    return os.readlink(f"/proc/{pid}/fd/{fd}")


# ---------------------------------------------------------------- kinds

def test_kinds(rig):
    """One program with one socket of each kind: each is where it should be, and nowhere else."""
    ports = {name: free_port() for name in ("four", "six", "both", "any", "udp")}
    rig.start(f"""
[socket:four]
listen = tcp://127.0.0.1:{ports['four']}
[socket:six]
listen = tcp://[::]:{ports['six']}
[socket:both]
listen = tcp://[::]:{ports['both']}
v6only = no
[socket:any]
listen = tcp://*:{ports['any']}
[socket:abstract]
listen = unix://@forkserver-test-{os.getpid()}
[socket:udp]
listen = udp://127.0.0.1:{ports['udp']}
""" + rig.program("four, six, both, any, abstract, udp"))
    pid = wait_running(rig.supervisor, "server")
    names = ["four", "six", "both", "any", "abstract", "udp"]
    answer = ask_tcp("127.0.0.1", ports["four"])
    assert answer["told"] == {"LISTEN_FDS": "6", "LISTEN_PID": str(pid),
                              "LISTEN_FDNAMES": ":".join(names)}
    assert answer["fd"] == 3
    assert ask_tcp("::1", ports["six"])["fd"] == 4
    assert refused(("127.0.0.1", ports["six"]), socket.AF_INET)
    for index, name in enumerate(["both", "any"]):
        assert ask_tcp("::1", ports[name])["fd"] == 5 + index
        assert ask_tcp("127.0.0.1", ports[name])["fd"] == 5 + index
    assert ask(f"\0forkserver-test-{os.getpid()}")["fd"] == 7
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(DEADLINE)
        client.sendto(b"?", ("127.0.0.1", ports["udp"]))
        assert json.loads(client.recv(1000))["fd"] == 8
    rig.stop()


def options_of(pid, fd):
    """The options of a socket of another process: a copy of its fd."""
    pidfd = os.pidfd_open(pid)
    copy = subprocess.run([PYTHON, "-c", f"""
import ctypes, socket
fd = ctypes.CDLL(None, use_errno=True).syscall(438, {pidfd}, {fd}, 0)
assert fd >= 0, ctypes.get_errno()
s = socket.socket(fileno=fd)
print(*[s.getsockopt(*each) for each in [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY), (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), (socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT),
    (socket.IPPROTO_TCP, socket.TCP_FASTOPEN), (socket.SOL_SOCKET, socket.SO_REUSEPORT)]])
"""], pass_fds=[pidfd], stdout=subprocess.PIPE, text=True, timeout=DEADLINE, check=True)
    os.close(pidfd)
    return [int(word) for word in copy.stdout.split()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into another process's sockets")
def test_options_of_tcp(rig):
    """They are set, and another value is applied to the socket as it is."""
    port = free_port()
    text = f"[socket:http]\nlisten = tcp://127.0.0.1:{port}\n"
    rig.start(text + "nodelay = yes\nkeepalive = 77\ndefer_accept = 3\nfastopen = 9\nreuseport = yes\n"
              + rig.program("http"))
    pid = wait_running(rig.supervisor, "server")
    before = inode(pid, 3)
    nodelay, keepalive, idle, defer, fastopen, reuseport = options_of(pid, 3)
    assert nodelay and keepalive and idle == 77 and defer >= 3 and fastopen == 9 and reuseport
    rig.reload(text + "keepalive = 88\nreuseport = yes\n" + rig.program("http"))
    assert has_log(rig.supervisor, "socket 'http': .* has its new settings; it stays open")
    assert options_of(pid, 3) == [0, 1, 88, 0, 0, 1]
    assert inode(pid, 3) == before and pids(rig.supervisor, "server") == [pid]
    rig.stop()


def test_reuseport(rig, tmp_path):
    """Another program may share the port, but only then."""
    port = free_port()
    rig.start(f"[socket:http]\nlisten = tcp://127.0.0.1:{port}\nreuseport = yes\n" +
              rig.program("http"))
    wait_running(rig.supervisor, "server")
    with socket.socket() as other:
        with pytest.raises(OSError):
            other.bind(("127.0.0.1", port))
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
    rig.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_unix_mode_and_owner(rig, tmp_path):
    path = tmp_path / "s"
    nobody = pwd.getpwnam("nobody")
    text = f"[socket:s]\nlisten = unix://{path}\n"
    rig.start(text + "mode = 0620\nowner = nobody\n" + rig.program("s"))
    pid = wait_running(rig.supervisor, "server")
    seen = os.stat(path)
    assert stat.S_IMODE(seen.st_mode) == 0o620
    assert (seen.st_uid, seen.st_gid) == (nobody.pw_uid, nobody.pw_gid)
    answer = ask(str(path))
    assert answer["own"] == repr(str(path))
    rig.reload(text + "mode = 0666\n" + rig.program("s"))
    again = os.stat(path)
    assert stat.S_IMODE(again.st_mode) == 0o666
    assert (again.st_uid, again.st_ino) == (0, seen.st_ino)
    assert ask(str(path))["pid"] == pid
    rig.stop()
    assert not path.exists()


# ---------------------------------------------------------------- numbers of fds

def test_chosen_numbers(rig, tmp_path):
    """`a` by LISTEN_FDS, `b` as fd 7, `c` as standard input; nothing else is open."""
    names = "abc"
    text = "".join(f"[socket:{name}]\nlisten = unix://{tmp_path}/{name}\n" for name in names)
    rig.start(text + rig.program("c:0, b:7, a", 7, 0))
    pid = wait_running(rig.supervisor, "server")
    answers = {name: ask(f"{tmp_path}/{name}") for name in names}
    assert [answers[name]["fd"] for name in names] == [3, 7, 0]
    assert answers["a"]["told"] == {"LISTEN_FDS": "1", "LISTEN_PID": str(pid),
                                    "LISTEN_FDNAMES": "a"}
    assert sorted(answers["a"]["inherited"]) == [0, 1, 2, 3, 7]
    rig.stop()


def test_only_standard_input(rig, tmp_path):
    """As inetd's: no LISTEN_FDS, and none of ours from above."""
    rig.start(f"[socket:s]\nlisten = unix://{tmp_path}/s\n" + rig.program("s:0", 0),
              env={"LISTEN_FDS": "3", "LISTEN_PID": "1", "LISTEN_FDNAMES": "x"})
    wait_running(rig.supervisor, "server")
    answer = ask(str(tmp_path / "s"))
    assert (answer["fd"], answer["told"]) == (0, {})
    rig.stop()


@pytest.mark.skipif(not zygotes(), reason="no zygote was built")
def test_chosen_numbers_of_a_worker(rig, tmp_path):
    names = "abcde"
    text = "".join(f"[socket:{name}]\nlisten = unix://{tmp_path}/{name}\n" for name in names)
    version = sorted(zygotes())[-1]
    rig.start(text + f"""
[zygote:z]
python = {interpreter(version)}
path = {tmp_path}
preload = server
[program:server]
zygote = z
command = python {tmp_path}/server.py {tmp_path} 7 200 0 20
sockets = a, b:7, c:200, d:0, e:20
stderr_logfile = /dev/stderr
startsecs = 0
""")
    pid = wait_running(rig.supervisor, "server")
    answers = {name: ask(f"{tmp_path}/{name}") for name in names}
    assert [answers[name]["fd"] for name in names] == [3, 7, 200, 0, 20]
    assert answers["b"]["pid"] == pid
    assert answers["a"]["told"] == {"LISTEN_FDS": "1", "LISTEN_PID": str(pid),
                                    "LISTEN_FDNAMES": "a"}
    assert sorted(answers["a"]["inherited"]) == [0, 1, 2, 3, 7, 20, 200]
    rig.stop()


# ---------------------------------------------------------------- systemd's

ACTIVATE = """
import fcntl, os, sys
names, pid, fds, *command = sys.argv[1:]
given = [int(fd) for fd in fds.split(",")]
high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 500) for fd in given]  # out of the way of 3 and up
for number, fd in enumerate(high):
    os.dup2(fd, 3 + number)
os.environ.update(LISTEN_FDS=str(len(given)), LISTEN_FDNAMES=names,
                  LISTEN_PID=str(os.getpid()) if pid == "own" else pid)
os.closerange(3 + len(given), 1000)
os.execv(command[0], command)
"""


def activate(directory, files, names, text, pid="own", **keys):
    """Starts forkserver as systemd starts a service whose sockets it has bound."""
    config = directory / "forkserver-0.conf"
    config.write_text(HEAD + text)
    fds = [file.fileno() for file in files]
    return subprocess.Popen([PYTHON, "-c", ACTIVATE, names, pid, ",".join(map(str, fds)),
                             str(builddir() / "forkserver"), "-c", str(config)],
                            cwd=directory, stdin=subprocess.DEVNULL, pass_fds=fds, text=True, **keys)


def listening(path=None):
    listener = socket.socket(socket.AF_UNIX) if path else socket.socket()
    listener.bind(str(path) if path else ("127.0.0.1", 0))
    listener.listen(5)
    return listener


def test_sockets_of_systemd(rig, tmp_path):
    """By name, the right one; nothing of them is in a program's environment or fds but what it is to
    have; the file of the socket is not ours to remove."""
    path = tmp_path / "activated"
    with listening() as first, listening(path) as second, open(tmp_path / "log", "wb") as log:
        process = activate(tmp_path, [first, second], "web:admin", """
[socket:admin]
listen = systemd:admin
[socket:http]
listen = systemd:web
keepalive = 60
""" + rig.program("http, admin") + rig.program("admin:0", 0, name="other", autostart="false"),
                           stdout=log, stderr=log)
        port = first.getsockname()[1]
    answer = ask_tcp("127.0.0.1", port)
    assert answer["fd"] == 3
    assert answer["told"]["LISTEN_FDNAMES"] == "http:admin"
    assert answer["told"]["LISTEN_PID"] == str(answer["pid"]) != str(process.pid)
    assert sorted(answer["inherited"]) == [0, 1, 2, 3, 4]
    assert ask(str(path))["fd"] == 4
    process.terminate()
    assert process.wait(DEADLINE) == 0
    assert path.exists()


def test_socket_of_systemd_comes_with_a_reload(rig, tmp_path):
    path = tmp_path / "activated"
    with listening(path) as given, open(tmp_path / "supervisor.log", "wb") as log:
        process = activate(tmp_path, [given], "late", rig.program("", name="first"), stdout=log,
                           stderr=log)
    logged = tmp_path / "supervisor.log"
    wait_until(lambda: "entered RUNNING" in logged.read_text(), what="the start")
    rig.write("[socket:s]\nlisten = systemd:late\n" + rig.program("s"))
    process.send_signal(signal.SIGHUP)
    assert ask(str(path))["fd"] == 3
    process.terminate()
    assert process.wait(DEADLINE) == 0


@pytest.mark.parametrize("names, pid, kind, parts", [
    ("web", "own", "socket", ["[socket:x] cannot listen on systemd:x",
                              "no socket called x, but: web", "FileDescriptorName=x"]),
    ("x", "1", "socket", ["LISTEN_PID says that they are for process 1, and this is process"]),
    ("x", "none", "socket", ["LISTEN_PID=none is not a number"]),
    ("x:x", "own", "socket", ["more than one socket called x"]),
    ("x", "own", "pipe", ["is a FIFO, not a socket", "ListenStream="]),
    ("x", "own", "file", ["is a file, not a socket"]),
    ("x", "own", "connection", ["is a connection, or does not listen", "Accept=no"]),
], ids=["name", "pid", "no pid", "twice", "fifo", "file", "connection"])
def test_sockets_of_systemd_that_cannot_be_used(tmp_path, names, pid, kind, parts):
    files = []
    if kind == "socket":
        files = [listening() for _ in names.split(":")]
    elif kind == "pipe":
        files = [os.fdopen(end) for end in os.pipe()][:1]
    elif kind == "file":
        files = [open("/etc/passwd")]
    else:
        files = list(socket.socketpair())[:1]
    process = activate(tmp_path, files, names, "[socket:x]\nlisten = systemd:x\n"
                       "[program:p]\ncommand = /bin/true\n", pid, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    error = process.communicate(timeout=DEADLINE)[1]
    for file in files:
        file.close()
    assert process.returncode == 2
    for part in [":6: [socket:x]", *parts]:
        assert part in error


def test_without_systemd(tmp_path):
    result = run(tmp_path, "[socket:x]\nlisten = systemd:x\n[program:p]\ncommand = /bin/true\n")
    assert result.returncode == 2
    assert "systemd has passed no sockets; start the .socket unit" in result.stderr


# ---------------------------------------------------------------- reloads

def queue(address, number):
    return [connect(address) for _ in range(number)]


def test_reload_keeps_the_queue(rig, tmp_path):
    """100 connections wait while the program is exchanged and the socket gets another backlog."""
    path = tmp_path / "s"
    text = f"[socket:s]\nlisten = unix://{path}\n"
    rig.go(False)
    rig.start(text + rig.program("s"))
    first = wait_running(rig.supervisor, "server")
    before, file = inode(first, 3), os.stat(path).st_ino
    waiting = queue(str(path), 100)
    rig.reload(text + "backlog = 5\n" + rig.program("s", environment="A=1"))
    second = wait_running(rig.supervisor, "server", 2)
    assert (inode(second, 3), os.stat(path).st_ino) == (before, file)
    rig.go()
    assert {read(connection)["pid"] for connection in waiting} == {second}
    rig.stop()
    assert not path.exists()


@pytest.mark.parametrize("exchanged", [False, True])
def test_removed_file_is_made_again(rig, tmp_path, exchanged):
    """As cleaners of /tmp do it; the program is given the new socket, the one that keeps its own stays."""
    path, other = tmp_path / "s", tmp_path / "o"
    text = (f"[socket:s]\nlisten = unix://{path}\n[socket:o]\nlisten = unix://{other}\n" +
            rig.program("s") + rig.program("o", name="other"))
    rig.start(text)
    first, bystander = wait_running(rig.supervisor, "server"), wait_running(rig.supervisor, "other")
    path.unlink()
    if exchanged:  # by what nobody listens on any more
        with listening(path):
            pass
    rig.reload(text)
    second = wait_running(rig.supervisor, "server", 2)
    assert "somebody has removed the file of unix://" in rig.supervisor.output()
    assert first != second == ask(str(path))["pid"] and ask(str(other))["pid"] == bystander
    rig.reload(text)
    assert ask(str(path))["pid"] == second, "once is enough"
    rig.stop()
    assert not path.exists()


def test_removed_file_with_somebody_else_in_its_place(rig, tmp_path):
    """That one stays, and so does the program; the log says who it is.  Other changes are taken over all the same."""
    path, other = tmp_path / "s", tmp_path / "o"

    def text(**keys):
        return (f"[unix_http_server]\nfile = {tmp_path}/ctl\n[supervisorctl]\nserverurl = unix://{tmp_path}/ctl\n"
                f"[socket:s]\nlisten = unix://{path}\n[socket:o]\nlisten = unix://{other}\n"
                + rig.program("s,o", **keys))
    rig.start(text())
    pid = wait_running(rig.supervisor, "server")
    path.unlink()
    with listening(path):
        rig.reload(text())
        assert has_log(rig.supervisor, rf"it cannot be bound anew: another program listens there: .*\(pid {os.getpid()},")
        assert pids(rig.supervisor, "server") == [pid]
        rig.reload(text(environment="A=1"))
        assert ask(str(other))["pid"] == wait_running(rig.supervisor, "server", 2)
        assert rig.ctl("reload").returncode == 0, "a restart"
        wait_running(rig.supervisor, "server", 3)
    path.unlink()
    rig.reload(text(environment="A=1"))
    assert ask(str(path))["pid"] == ask(str(other))["pid"] == wait_running(rig.supervisor, "server", 4)
    rig.stop()


def test_removed_file_of_two_names(rig, tmp_path):
    """The same path under another name, once its file is gone: what is lost is not shared with it."""
    path = tmp_path / "s"
    rig.start(f"[socket:a]\nlisten = unix://{path}\n" + rig.program("a"))
    wait_running(rig.supervisor, "server")
    path.unlink()
    rig.reload(f"[socket:b]\nlisten = unix://{path}\n" + rig.program("b"))
    second = wait_running(rig.supervisor, "server", 2)
    assert ask(str(path))["pid"] == second
    rig.stop()
    assert not path.exists()


def test_removed_control_socket(rig, tmp_path):
    """SIGHUP binds it again, and programs are not concerned."""
    path = tmp_path / "ctl"
    text = (f"[unix_http_server]\nfile = {path}\n[supervisorctl]\nserverurl = unix://{path}\n" +
            "[program:p]\ncommand = /bin/cat\nstartsecs = 0\n")
    rig.start(text)
    pid = wait_running(rig.supervisor, "p")
    assert "RUNNING" in rig.ctl("status").stdout
    path.unlink()
    assert rig.ctl("status").returncode == 4
    rig.reload(text)
    wait_until(lambda: "RUNNING" in rig.ctl("status").stdout)
    assert pids(rig.supervisor, "p") == [pid]
    assert has_log(rig.supervisor, "somebody has removed the file of unix://.*; it is bound anew")
    rig.stop()
    assert not path.exists()


def test_backlog_is_applied_as_it_is(rig, tmp_path):
    """The queue of a running program becomes shorter, and longer again."""
    path = tmp_path / "s"
    text = f"[socket:s]\nlisten = unix://{path}\nbacklog = "

    def room():
        """How many connections find room."""
        found = []
        while len(found) < 10:
            attempt = socket.socket(socket.AF_UNIX)
            attempt.setblocking(False)
            found.append(attempt)
            if attempt.connect_ex(str(path)):
                break
        for attempt in found:
            attempt.close()
        return len(found)

    rig.go(False)
    rig.start(text + "4\n" + rig.program("s"))
    pid = wait_running(rig.supervisor, "server")
    assert room() < 10
    rig.reload(text + "40\n" + rig.program("s"))
    assert has_log(rig.supervisor, "socket 's': .* has its new settings")
    assert room() == 10
    assert pids(rig.supervisor, "server") == [pid]
    rig.stop()


def test_restart_keeps_the_queue(rig, tmp_path):
    """forkserverctl reload stops and starts everything, but the sockets."""
    path = tmp_path / "s"
    text = (f"[unix_http_server]\nfile = {tmp_path}/ctl\n"
            f"[socket:s]\nlisten = unix://{path}\n[socket:gone]\nlisten = unix://{tmp_path}/gone\n")
    rig.go(False)
    rig.start(text + rig.program("s"))
    first = wait_running(rig.supervisor, "server")
    waiting = queue(str(path), 20)
    rig.write(text.replace("gone", "new").replace("[socket:s]", "[socket:t]") + rig.program("t"))
    assert rig.ctl("reload").returncode == 0
    second = wait_running(rig.supervisor, "server", 2)
    assert second != first
    rig.go()
    assert {read(connection)["pid"] for connection in waiting} == {second}
    assert not (tmp_path / "gone").exists() and (tmp_path / "new").exists()
    rig.stop()
    assert not path.exists() and not (tmp_path / "new").exists()


def test_add_and_remove(rig, tmp_path):
    text = "[socket:{0}]\nlisten = unix://" + str(tmp_path) + "/{0}\n"
    rig.start(text.format("a") + rig.program("a"))
    first = wait_running(rig.supervisor, "server")
    old = inode(first, 3)
    rig.reload(text.format("a") + text.format("b") + text.format("idle") + rig.program("a, b"))
    second = wait_running(rig.supervisor, "server", 2)
    assert inode(second, 3) == old
    assert ask(str(tmp_path / "b"))["fd"] == 4
    assert not refused(str(tmp_path / "idle"))
    rig.reload(text.format("b") + rig.program("b"))
    third = wait_running(rig.supervisor, "server", 3)
    assert ask(str(tmp_path / "b"))["pid"] == third
    wait_until(lambda: not (tmp_path / "a").exists() and not (tmp_path / "idle").exists(),
               what="the end of what is not needed")
    assert has_log(rig.supervisor, "socket 'a': no program needs it any more")
    rig.stop()
    assert not (tmp_path / "b").exists()


def test_another_address(rig, tmp_path):
    """The programs that have the socket are started anew with the other one."""
    text = "[socket:s]\nlisten = unix://" + str(tmp_path) + "/{0}\n"
    rig.start(text.format("old") + rig.program("s") + rig.program("", name="bystander"))
    first = wait_running(rig.supervisor, "server")
    other = wait_running(rig.supervisor, "bystander")
    rig.reload(text.format("new") + rig.program("s") + rig.program("", name="bystander"))
    second = wait_running(rig.supervisor, "server", 2)
    assert first != second and pids(rig.supervisor, "bystander") == [other]
    assert ask(str(tmp_path / "new"))["pid"] == second
    wait_until(lambda: not (tmp_path / "old").exists(), what="the end of the old socket")
    rig.stop()


def test_another_name_is_the_same_socket(rig, tmp_path):
    """Two sockets exchange their names: none is bound anew, no connection that waits is lost."""
    one, two = tmp_path / "one", tmp_path / "two"
    text = f"[socket:a]\nlisten = unix://{one}\n[socket:b]\nlisten = unix://{two}\n"
    rig.go(False)
    rig.start(text + rig.program("a, b"))
    wait_running(rig.supervisor, "server")
    waiting = queue(str(one), 5), queue(str(two), 5)
    files = one.stat().st_ino, two.stat().st_ino
    rig.reload(text.replace("/one", "/x").replace("/two", "/one").replace("/x", "/two") +
               rig.program("a, b"))
    wait_running(rig.supervisor, "server", 2)
    rig.go()
    assert {read(connection)["fd"] for connection in waiting[0]} == {4}
    assert {read(connection)["fd"] for connection in waiting[1]} == {3}
    assert (one.stat().st_ino, two.stat().st_ino) == files
    rig.stop()
    assert not one.exists() and not two.exists()


def test_update_of_one_group(rig, tmp_path):
    """A socket that another group still has stays open until that group is updated as well."""
    control = f"[unix_http_server]\nfile = {tmp_path}/ctl\n"
    text = "[socket:s]\nlisten = unix://" + str(tmp_path) + "/{0}\n"
    rig.start(control + text.format("old") + rig.program("s", name="a") + rig.program("s", name="b"))
    wait_running(rig.supervisor, "a")
    b = wait_running(rig.supervisor, "b")
    rig.write(control + text.format("new") + rig.program("s", name="a") + rig.program("s", name="b"))
    rig.ctl("update", "a")
    a = wait_running(rig.supervisor, "a", 2)
    assert ask(str(tmp_path / "new"))["pid"] == a
    assert ask(str(tmp_path / "old"))["pid"] == b
    wait_log(rig.supervisor, rf"stays open until b:b \(pid {b}\), which has it, has ended")
    rig.ctl("update", "b")
    b = wait_running(rig.supervisor, "b", 2)
    wait_until(lambda: not (tmp_path / "old").exists(), what="the end of the old socket")
    kill(a)
    assert ask(str(tmp_path / "new"))["pid"]
    rig.stop()


def test_remove_and_add_by_xml_rpc(rig, tmp_path):
    """As supervisorctl updates: a group whose socket is another one has changed."""
    port = free_port()
    head = f"[inet_http_server]\nport = 127.0.0.1:{port}\n"
    text = "[socket:s]\nlisten = unix://" + str(tmp_path) + "/{0}\n"
    rig.start(head + text.format("old") + rig.program("s"))
    wait_running(rig.supervisor, "server")
    server = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{port}").supervisor
    rig.write(head + text.format("new") + rig.program("s"))
    assert server.reloadConfig() == [[[], ["server"], []]]
    assert ask(str(tmp_path / "old"))["fd"] == 3
    server.stopProcessGroup("server")
    server.removeProcessGroup("server")
    assert not (tmp_path / "old").exists()
    server.addProcessGroup("server")
    assert ask(str(tmp_path / "new"))["pid"] == wait_running(rig.supervisor, "server", 2)
    rig.stop()


def test_reload_that_cannot_bind(rig, tmp_path):
    """What is in the way is named, and what runs goes on as it is."""
    port = free_port()
    with listening() as taken:
        busy = taken.getsockname()[1]
        text = "[socket:s]\nlisten = tcp://127.0.0.1:{0}\n"
        rig.start(text.format(port) + rig.program("s"))
        pid = wait_running(rig.supervisor, "server")
        rig.reload(text.format(busy) + rig.program("s"))
        line, = wait_log(rig.supervisor, "cannot change group 'server': .*")[:1]
        for part in ["[socket:s] cannot listen on", f"(pid {os.getpid()}, user"]:
            assert part in line.group()
    assert ask_tcp("127.0.0.1", port)["pid"] == pid
    rig.stop()


# ---------------------------------------------------------------- what is in the way

def test_who_holds_the_address(tmp_path):
    user = pwd.getpwuid(os.geteuid()).pw_name
    name = proc_status(os.getpid(), "Name")
    program = "[program:p]\ncommand = /bin/true\n"
    abstract = f"forkserver-held-{os.getpid()}"
    with listening() as tcp, socket.socket(socket.AF_INET6) as six, \
            socket.socket(socket.AF_UNIX) as unix, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
            listening(tmp_path / "held") as local:
        six.bind(("::", 0))
        six.listen()
        unix.bind("\0" + abstract)
        unix.listen()
        udp.bind(("127.0.0.1", 0))
        for listen in [f"tcp://127.0.0.1:{tcp.getsockname()[1]}", f"tcp://*:{tcp.getsockname()[1]}",
                       f"tcp://[::1]:{six.getsockname()[1]}", f"unix://@{abstract}",
                       f"udp://127.0.0.1:{udp.getsockname()[1]}", f"unix://{tmp_path}/held"]:
            result = run(tmp_path, f"[socket:s]\nlisten = {listen}\n" + program)
            assert result.returncode == 2, listen
            assert f":6: [socket:s] cannot listen on {listen}: " in result.stderr
            assert f"{name} (pid {os.getpid()}, user {user})" in result.stderr, result.stderr
        assert local.fileno() >= 0 and (tmp_path / "held").exists()


def test_who_holds_the_address_of_our_server(tmp_path):
    """In supervisord's words, and in ours."""
    with listening() as taken:
        port = taken.getsockname()[1]
        result = run(tmp_path, f"[inet_http_server]\nport = 127.0.0.1:{port}\n"
                     "[program:p]\ncommand = /bin/true\n")
    assert result.returncode == 2
    assert "Error: Another program is already listening on a port that one of our HTTP" in result.stderr
    assert f":6: [inet_http_server] cannot listen on http://127.0.0.1:{port}: " in result.stderr
    assert f"(pid {os.getpid()}, user " in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_holder_that_may_not_be_seen():
    """Without root, of another user's process only the user is known."""
    with listening() as taken, tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write(f"[socket:s]\nlisten = tcp://127.0.0.1:{taken.getsockname()[1]}\n"
                     "[program:p]\ncommand = /bin/true\n")
        config.flush()
        os.fchmod(config.fileno(), 0o644)  # tmp_path is for root alone
        result = subprocess.run([str(builddir() / "forkserver"), "-c", config.name],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=DEADLINE,
                                user="nobody", cwd="/", extra_groups=[])
    assert result.returncode == 2
    assert "a process of user root that only root may look into" in result.stderr, result.stderr


@pytest.mark.parametrize("kind, what", [("link", "symbolic link"), ("file", "file"),
                                        ("directory", "directory")])
def test_not_a_socket_in_the_way(tmp_path, kind, what):
    path = tmp_path / "s"
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "file":
        path.write_text("kept")
    else:
        path.mkdir()
    result = run(tmp_path, f"[socket:s]\nlisten = unix://{path}\n[program:p]\ncommand = /bin/true\n")
    assert result.returncode == 2
    assert f"there is a {what} in the way that is not a socket" in result.stderr
    assert os.path.lexists(path) and not (tmp_path / "elsewhere").exists()


def test_stale_socket(rig, tmp_path):
    """What a dead owner has left is replaced."""
    path = tmp_path / "s"
    with listening(path):
        pass
    assert refused(str(path))
    rig.start(f"[socket:s]\nlisten = unix://{path}\n" + rig.program("s"))
    wait_running(rig.supervisor, "server")
    assert ask(str(path))["fd"] == 3
    rig.stop()
    assert not path.exists()


def test_socket_that_is_no_longer_ours_stays(rig, tmp_path):
    path = tmp_path / "s"
    rig.start(f"[socket:s]\nlisten = unix://{path}\n" + rig.program("s"))
    wait_running(rig.supervisor, "server")
    path.unlink()
    with listening(path):
        rig.stop()
        assert path.exists() and not refused(str(path))
