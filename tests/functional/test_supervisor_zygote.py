"""The supervisor with zygotes: workers forked, replaced, left alone, refused."""
import os
import pathlib
import pwd
import random
import re
import resource
import signal
import socket
import subprocess
import sys

import pytest

from conftest import DEADLINE, EVERYWHERE, builddir, interpreter, main_python, proc_status, wait_until, zygotes
from supervisor_util import (has_log, is_alive, kill, open_fds, pids, probe, programs, settled_fds, told,
                             wait_log, wait_pid, wait_running, zombies)

HEAD = """[supervisord]
logfile = /dev/null
pidfile = %(here)s/forkserver.pid
childlogdir = %(here)s
"""

# An application that counts its imports, and a worker that serves one line to each connection.
APPLICATION = '''
import os, socket, sys
with open(os.environ["IMPORTS"], "a") as file:
    file.write(f"{os.getpid()}\\n")
BALLAST = [str(n) for n in range(50000)]

def serve():
    listener = socket.socket(fileno=3)
    while True:
        connection, _ = listener.accept()
        connection.sendall(f"{os.getpid()} {len(BALLAST)}".encode())
        connection.close()
'''

LEAK = '''
import os
KEPT = open(os.environ["IMPORTS"], "a")
'''


class Shop:
    """A directory with an application, and the text of a configuration for it."""

    def __init__(self, directory, version):
        self.directory, self.python = directory, interpreter(version)
        self.imports, self.socket = directory / "imports", directory / "shop.sock"
        (directory / "shop.py").write_text(APPLICATION)
        (directory / "leaky.py").write_text(LEAK)

    def zygote(self, name="shop", preload="shop", **keys):
        lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
        return (f"[zygote:{name}]\npython = {self.python}\npreload = {preload}\n"
                f"path = {self.directory}\nenvironment = IMPORTS=\"{self.imports}\"\n{lines}")

    def program(self, name="web", zygote="shop", command="shop:serve", **keys):
        keys.setdefault("startsecs", 0)
        lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
        return f"[program:{name}]\nzygote = {zygote}\ncommand = {command}\n{lines}"

    def listener(self):
        return f"[socket:http]\nlisten = unix://{self.socket}\n"

    def web(self, numprocs=1, **keys):
        return (HEAD + self.zygote() + self.listener() +
                self.program(sockets="http", numprocs=numprocs,
                             process_name="web_%(process_num)d", **keys))

    def imported(self):
        """Pids of the zygotes that have imported it."""
        return [int(line) for line in self.imports.read_text().split()]

    def ask(self):
        """The pid of the worker that answers."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DEADLINE)
            connection.connect(str(self.socket))
            pid, ballast = connection.makefile().read().split()
        assert ballast == "50000"
        return int(pid)


@pytest.fixture
def shop(tmp_path, version):
    return Shop(tmp_path, version)


def zygote_pid(supervisor, count=1):
    return int(wait_log(supervisor, r"zygote 'shop': started with pid (\d+)", count)[-1][1])


def test_workers_are_forked_and_are_our_children(supervise, shop):
    supervisor = supervise(shop.web(numprocs=3))
    workers = {wait_running(supervisor, f"web_{n}") for n in range(3)}
    assert shop.ask() in workers
    zygote = zygote_pid(supervisor)
    assert shop.imported() == [zygote]
    assert set(programs(supervisor.pid)) == workers | {zygote}
    for pid in workers:
        assert proc_status(pid, "Seccomp") == "0"
        assert proc_status(pid, "NoNewPrivs") == "0"
        assert proc_status(pid, "TracerPid") == "0"
        assert os.getpgid(pid) == pid
    assert supervisor.stop() == 0
    assert not shop.socket.exists()


def test_daemon_lets_go_of_the_terminal(shop, tmp_path, environment):
    """Whoever reads what --daemon writes meets its end: the zygote, which stays, has not kept it open."""
    config, pidfile = tmp_path / "x.conf", tmp_path / "forkserver.pid"
    config.write_text(shop.web())
    try:
        run = subprocess.run([str(builddir() / "forkserver"), "--daemon", "-c", str(config)], cwd=tmp_path,
                             env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=DEADLINE)
        assert run.returncode == 0, run.stdout
        assert shop.imported()[0] in programs(int(pidfile.read_text()))
    finally:
        if pidfile.exists():
            pid = int(pidfile.read_text())
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not is_alive(pid), what="the daemon's end")


# As a container or systemd's SystemCallFilter= does it: a filter that allows everything (BPF_RET and
# SECCOMP_RET_ALLOW), then the program.
CONFINE = '''
import ctypes, os, struct, sys
code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
program = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
'''


def test_below_a_seccomp_filter(supervise, shop, tmp_path, monkeypatch):
    """A filter that was there before us is not the application's."""
    (tmp_path / "confine.py").write_text(CONFINE)
    around = os.environ.get("FORKSERVER_WRAPPER", "")
    monkeypatch.setenv("FORKSERVER_WRAPPER", f"{sys.executable} {tmp_path / 'confine.py'} {around}")
    supervisor = supervise(shop.web())
    worker = wait_running(supervisor, "web_0")
    assert shop.ask() == worker
    assert proc_status(worker, "Seccomp") == "2"
    assert proc_status(worker, "Seccomp_filters") in ("1", None)
    assert supervisor.stop() == 0


def test_surroundings(supervise, shop, tmp_path):
    (tmp_path / "work").mkdir()
    supervisor = supervise(HEAD + "environment = COLOUR=\"blue\",SHAPE=\"round\"\n" + shop.zygote() +
                           shop.listener() + shop.program(
        "probe", command=f"python {probe(tmp_path)} 'two words'", sockets="http",
        directory=tmp_path / "work", environment="SHAPE=\"square\"", umask="027",
        stdout_logfile=tmp_path / "out", redirect_stderr="true"),
        env={"NOTIFY_SOCKET": "/nowhere", "LISTEN_FDS": "9"})
    seen = told(supervisor, tmp_path)
    env = seen["environ"]
    assert seen["argv"] == [str(tmp_path / "probe.py"), str(tmp_path / "told"), "two words"]
    assert seen["name"] == "__main__"
    assert (seen["cwd"], seen["umask"]) == (str(tmp_path / "work"), 0o027)
    assert (env["COLOUR"], env["SHAPE"], env["SUPERVISOR_GROUP_NAME"]) == ("blue", "square", "probe")
    assert (env["LISTEN_FDS"], env["LISTEN_FDNAMES"]) == ("1", "http")
    assert env["LISTEN_PID"] == str(seen["pid"])
    assert "NOTIFY_SOCKET" not in env
    assert (seen["ppid"], seen["pgrp"]) == (supervisor.pid, seen["pid"])
    assert set(seen["fds"]) == {"0", "1", "2", "3"}
    assert seen["fds"]["1"] == seen["fds"]["2"] and seen["fds"]["1"].startswith("pipe:")
    assert seen["blocked"] == 0
    assert supervisor.stop() == 0


def test_killed_worker_is_replaced_by_a_fork(supervise, shop):
    supervisor = supervise(shop.web())
    first = wait_running(supervisor, "web_0")
    assert shop.ask() == first
    kill(first)
    second = shop.ask()  # the connection waits in the backlog
    assert second == wait_pid(supervisor, "web_0", 2) != first
    assert len(shop.imported()) == 1
    assert supervisor.stop() == 0


def test_killed_zygote_does_not_touch_its_workers(supervise, shop):
    supervisor = supervise(shop.web(numprocs=2))
    workers = {wait_running(supervisor, f"web_{n}") for n in range(2)}
    kill(zygote_pid(supervisor))
    wait_log(supervisor, "zygote 'shop': exited: terminated by SIGKILL; its workers go on")
    again = zygote_pid(supervisor, 2)
    wait_log(supervisor, "zygote 'shop': ready", 2)
    assert all(map(is_alive, workers)) and shop.ask() in workers
    assert shop.imported()[1:] == [again]
    kill(min(workers))
    assert shop.ask()
    wait_until(lambda: len(programs(supervisor.pid)) == 3, what="two workers and a zygote")
    assert supervisor.stop() == 0


def gated(shop):
    """The path of a file: while it exists the application's import does not go on."""
    gate = shop.directory / "gate"
    (shop.directory / "shop.py").write_text(APPLICATION + f"""
import time
while os.path.exists({str(gate)!r}):
    time.sleep(0.01)
""")
    return gate


def worker_that_waits(supervise, shop):
    """A supervisor whose one worker is dead and whose zygote imports again until the gate is gone."""
    gate = gated(shop)
    supervisor = supervise(shop.web())
    worker = wait_running(supervisor, "web_0")
    gate.touch()
    kill(zygote_pid(supervisor))
    zygote_pid(supervisor, 2)
    kill(worker)
    wait_log(supervisor, "exited: web_0")
    return supervisor, gate


def test_worker_killed_while_there_is_no_zygote(supervise, shop):
    """Its replacement waits for the new zygote."""
    supervisor, gate = worker_that_waits(supervise, shop)
    assert len(pids(supervisor, "web_0")) == 1
    gate.unlink()
    assert shop.ask() == wait_pid(supervisor, "web_0", 2)
    assert supervisor.stop() == 0


def test_violation_ends_the_first_start(supervise, shop):
    supervisor = supervise(HEAD + shop.zygote(preload="leaky") + shop.program() +
                           "[program:other]\ncommand = /bin/sleep 1000\n")
    assert supervisor.process.wait(DEADLINE) == 1
    text = supervisor.output()
    assert "spawned:" not in text
    assert re.search(r"leaky\.py\", line 3", text), text
    assert "zygote 'shop': nothing is forked from it: 1 violation" in text


def test_violation_of_one_zygote_stops_all(supervise, shop):
    supervisor = supervise(HEAD + shop.zygote() + shop.zygote("leaky", "leaky") + shop.program())
    assert supervisor.process.wait(DEADLINE) == 1
    assert "spawned:" not in supervisor.output()
    assert has_log(supervisor, "zygote 'shop': ready")


def test_warn_and_off_start_all_the_same(supervise, shop):
    supervisor = supervise(HEAD + shop.zygote(preload="shop, leaky", audit="warn") +
                           shop.zygote("blind", "shop, leaky", audit="off") + shop.listener() +
                           shop.program(sockets="http") +
                           shop.program("other", "blind", sockets="http"))
    wait_running(supervisor, "web")
    wait_running(supervisor, "other")
    assert has_log(supervisor, "WARN zygote 'shop': audit: 1 violation")
    assert has_log(supervisor, "zygote 'blind': ready.*not audited")
    assert supervisor.stop() == 0


def test_import_error(supervise, shop):
    supervisor = supervise(HEAD + shop.zygote(preload="no_such_module") + shop.program())
    assert supervisor.process.wait(DEADLINE) == 3
    assert "No module named 'no_such_module'" in supervisor.output()
    assert "spawned:" not in supervisor.output()


def test_zygote_that_fails_later_is_tried_again(supervise, shop):
    """Only the first start may end the supervisor."""
    broken = shop.directory / "broken"
    (shop.directory / "shop.py").write_text(APPLICATION + f"""
if os.path.exists({str(broken)!r}):
    raise RuntimeError("the disk is gone")
""")
    supervisor = supervise(shop.web())
    worker = wait_running(supervisor, "web_0")
    broken.touch()
    kill(zygote_pid(supervisor))
    wait_log(supervisor, "the disk is gone")
    wait_log(supervisor, r"zygote 'shop': will be started again in \d")
    assert is_alive(worker) and shop.ask() == worker
    broken.unlink()
    wait_log(supervisor, "zygote 'shop': ready", 2)
    kill(worker)
    assert shop.ask() == wait_pid(supervisor, "web_0", 2)
    assert supervisor.stop() == 0


def test_stop_during_the_import(supervise, shop):
    (shop.directory / "shop.py").write_text(APPLICATION + "import time; time.sleep(3600)\n")
    supervisor = supervise(shop.web())
    supervisor.wait_for(lambda: shop.imports.exists(), "no import")
    assert supervisor.stop() == 0
    assert not has_log(supervisor, "spawned:")


def test_stop_while_a_worker_waits_for_its_zygote(supervise, shop):
    supervisor, _ = worker_that_waits(supervise, shop)
    assert supervisor.stop() == 0
    assert has_log(supervisor, r"stopped: web_0 \(it had not started yet\)")


def fds(pid):
    """What its fds are."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    return found


# Opens an fd two seconds after the import, by a timer whose thread (glibc's own) a rule allows: no Python runs in a
# zygote any more by then.
LATE_FD = """
import ctypes

class Sigevent(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("signo", ctypes.c_int), ("notify", ctypes.c_int),
                ("function", ctypes.c_void_p), ("attribute", ctypes.c_void_p),
                ("pad", ctypes.c_char * 32)]

LIBC, TIMER = ctypes.CDLL(None), ctypes.c_void_p()
SIGEV_THREAD, CLOCK_MONOTONIC = 2, 1
EVENT = Sigevent(notify=SIGEV_THREAD,
                 function=ctypes.cast(LIBC.inotify_init, ctypes.c_void_p).value)
assert LIBC.timer_create(CLOCK_MONOTONIC, ctypes.byref(EVENT), ctypes.byref(TIMER)) == 0
assert LIBC.timer_settime(TIMER, 0, (ctypes.c_long * 4)(0, 0, 2, 0), None) == 0
"""


def test_zygote_that_is_no_longer_what_was_audited(supervise, shop):
    """Its fds have grown after the audit: it refuses, and its successor forks the worker."""
    (shop.directory / "shop.py").write_text(APPLICATION + LATE_FD)
    supervisor = supervise(HEAD + shop.zygote(allow="thread") + shop.listener() +
                           shop.program(sockets="http", process_name="web_0"))
    worker = wait_running(supervisor, "web_0")
    zygote = zygote_pid(supervisor)
    before = open_fds(zygote)
    wait_until(lambda: open_fds(zygote) > before, what="the late fd")
    kill(worker)
    wait_log(supervisor, "zygote 'shop': refuses to fork: .*inotify.*; it is replaced by a new one")
    assert shop.ask() == wait_pid(supervisor, "web_0", 2)
    assert len(shop.imported()) == 2
    assert supervisor.stop() == 0


@pytest.mark.slow
def test_zygote_that_does_not_answer(supervise, shop):
    supervisor = supervise(shop.web())
    worker = wait_running(supervisor, "web_0")
    zygote = zygote_pid(supervisor)
    os.kill(zygote, signal.SIGSTOP)
    kill(worker)
    wait_log(supervisor, rf"zygote 'shop': killing it \({zygote}\) with SIGKILL, it does not answer")
    assert shop.ask() == wait_pid(supervisor, "web_0", 2)
    assert supervisor.stop() == 0


def test_no_free_fds_for_a_while(supervise, shop):
    """Nobody gives up because of that, and all come back."""
    supervisor = supervise(shop.web(startretries=0) +
                           "[program:plain]\ncommand = /bin/sleep 1000\nstartsecs = 0\n"
                           "startretries = 0\n")
    workers = [wait_running(supervisor, name) for name in ("web_0", "plain")]
    limits = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    for worker in workers:
        kill(worker)
    wait_log(supervisor, "spawnerr: .*Too many open files", 4)
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, limits)
    assert shop.ask() == wait_running(supervisor, "web_0", 2)
    wait_running(supervisor, "plain", 2)
    assert not has_log(supervisor, "gave up")
    assert supervisor.stop() == 0


def test_two_programs_share_a_zygote(supervise, shop, tmp_path):
    supervisor = supervise(shop.web() + shop.program(
        "probe", command=f"python {probe(tmp_path)}"))
    told(supervisor, tmp_path)
    assert shop.ask() == wait_running(supervisor, "web_0")
    assert len(shop.imported()) == 1
    assert supervisor.stop() == 0


def test_memory_is_in_the_log(supervise, shop):
    supervisor = supervise(shop.web(startsecs=1))
    line, = wait_log(supervisor, r"web:web_0: pid \d+, ([\d.]+) MB private, ([\d.]+) MB shared "
                                 r"with the zygote \(PSS ([\d.]+) MB\)")
    private, shared, pss = map(float, line.groups())
    assert 0 < private < pss < shared
    assert supervisor.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start zygotes as another user")
def test_user_of_a_zygote(supervise, tmp_path, version):
    """It imports as that user; so do its workers run."""
    for program in zygotes()[version].resolve(), pathlib.Path(interpreter(version)).resolve():
        if any(place.stat().st_mode & 0o001 == 0 for place in [program, *program.parents]):
            pytest.skip(f"another user may not run {program}")
    supervisor = supervise(HEAD + f"""
[zygote:shop]
python = {interpreter(version)}
preload = json
user = nobody
directory = /
environment = PYTHONDONTWRITEBYTECODE="1",PYTHONPYCACHEPREFIX=""
[program:id]
zygote = shop
command = python -c "import os; print(os.getresuid(), os.getresgid(), os.getgroups())"
stdout_logfile = {tmp_path}/id
startsecs = 0
autorestart = false
""")
    wait_log(supervisor, "exited: id .*; expected")
    nobody = pwd.getpwnam("nobody")
    uid, gid = nobody.pw_uid, nobody.pw_gid
    assert (tmp_path / "id").read_text() == f"{(uid,) * 3} {(gid,) * 3} {[gid]}\n"
    assert proc_status(zygote_pid(supervisor), "Uid").split() == [str(uid)] * 4
    assert supervisor.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start workers as another user")
def test_user_of_a_worker(supervise, shop, tmp_path):
    supervisor = supervise(HEAD + shop.zygote() + shop.program(
        "id", command='python -c "import os; print(os.getresuid(), os.getgroups())"',
        user="nobody", stdout_logfile=tmp_path / "id", autorestart="false", directory="/"))
    wait_log(supervisor, "exited: id .*; expected")
    nobody = pwd.getpwnam("nobody")
    assert (tmp_path / "id").read_text() == f"{(nobody.pw_uid,) * 3} {[nobody.pw_gid]}\n"
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- workers that are forked before they are wanted

def spares(supervisor):
    return {pid for pid in programs(supervisor.pid) if is_alive(pid) and proc_status(pid, "Name") == "spare worker"}


def wait_spares(supervisor, number):
    """Waits until there are so many; their pids."""
    return supervisor.wait_for(lambda: (found := spares(supervisor)) and len(found) == number and found,
                               f"not {number} spare workers")


def test_spares_replace_workers_without_their_zygote(supervise, shop):
    supervisor = supervise(shop.web(numprocs=2, spare=2))
    workers = [wait_running(supervisor, f"web_{n}") for n in range(2)]
    waiting = wait_spares(supervisor, 2)
    zygote = zygote_pid(supervisor)
    os.kill(zygote, signal.SIGSTOP)
    for worker in workers:
        kill(worker)
    workers = {wait_running(supervisor, f"web_{n}", 2) for n in range(2)}
    assert workers == waiting
    assert shop.ask() in workers
    os.kill(zygote, signal.SIGCONT)
    assert not wait_spares(supervisor, 2) & workers
    assert len(shop.imported()) == 1
    assert supervisor.stop() == 0
    assert not any(map(is_alive, workers | waiting))


def test_a_spare_becomes_what_a_fork_would_be(supervise, shop, tmp_path):
    supervisor = supervise(HEAD + shop.zygote() + shop.listener() + shop.program(
        "probe", command=f"python {probe(tmp_path)}", sockets="http", directory=tmp_path, spare=1, umask="027",
        environment="SHAPE=\"square\"", redirect_stderr="true"))
    first = told(supervisor, tmp_path)
    waiting = wait_spares(supervisor, 1)
    (tmp_path / "told").unlink()
    kill(first["pid"])
    second = told(supervisor, tmp_path)
    assert {second["pid"]} == waiting
    for seen in first, second:
        assert seen["environ"].pop("LISTEN_PID") == str(seen["pid"])
        assert seen.pop("pgrp") == seen.pop("pid")
        assert seen["fds"].pop("1") == seen["fds"].pop("2")  # each has a pipe of its own
        del seen["fds"]["0"]
    assert first == second
    assert proc_status(min(waiting), "Name") == "python"
    assert supervisor.stop() == 0


def test_a_spare_while_there_is_no_zygote(supervise, shop):
    """And what was forked before an import is not used after it."""
    gate = gated(shop)
    supervisor = supervise(shop.web(spare=2))
    worker = wait_running(supervisor, "web_0")
    old = wait_spares(supervisor, 2)
    gate.touch()
    kill(zygote_pid(supervisor))
    zygote_pid(supervisor, 2)
    kill(worker)
    assert shop.ask() in old
    gate.unlink()
    wait_log(supervisor, "zygote 'shop': ready", 2)
    supervisor.wait_for(lambda: len(found := spares(supervisor)) == 2 and not found & old, "spares of the new zygote")
    assert supervisor.stop() == 0


def test_killed_spares_are_replaced_but_not_for_ever(supervise, shop):
    supervisor = supervise(shop.web(spare=1))
    worker = wait_running(supervisor, "web_0")
    for _ in range(5):
        kill(min(wait_spares(supervisor, 1)))
    wait_log(supervisor, "spare workers die one after the other, so there are none for now")
    assert not spares(supervisor)
    kill(worker)
    assert shop.ask() == wait_running(supervisor, "web_0", 2)  # from the zygote
    wait_spares(supervisor, 1)
    assert supervisor.stop() == 0


def test_spares_after_an_update(supervise, shop):
    """As many as the configuration says now, of the code that serves now."""
    supervisor = supervise(shop.web(spare=1))
    wait_running(supervisor, "web_0")
    seen = wait_spares(supervisor, 1)
    for count, number in enumerate((3, 1, 0, 2), 1):
        (shop.directory / "forkserver-0.conf").write_text(shop.web(spare=number, reload_watch=0))
        supervisor.process.send_signal(signal.SIGHUP)
        wait_log(supervisor, "serves, after", count)
        supervisor.wait_for(lambda: len(now := spares(supervisor)) == number and not now & seen, f"no {number} new spares")
        seen |= spares(supervisor)
    assert supervisor.stop() == 0
    assert not any(map(is_alive, seen))


def test_spares_end_with_their_supervisor(supervise, shop):
    supervisor = supervise(shop.web(spare=3))
    wait_running(supervisor, "web_0")
    waiting, worker = wait_spares(supervisor, 3), pids(supervisor, "web_0")[0]
    supervisor.process.kill()
    try:
        wait_until(lambda: not any(map(is_alive, waiting)), what="the end of the spares")
    finally:
        kill(worker)


@pytest.mark.slow
def test_many_deaths_leave_nothing(supervise, shop, version):
    """200 workers and 20 zygotes killed at random moments (a fifth of it on other Pythons than the first): each time
    all come back, and nothing piles up: no zombie, no orphan, no fd."""
    choose = random.Random(20)
    number, turns = 4, 200 if EVERYWHERE or version == main_python() else 40
    supervisor = supervise(shop.web(numprocs=number))
    names = [f"web_{n}" for n in range(number)]

    def complete():
        found = programs(supervisor.pid)
        return len(found) == number + 1 and not zombies(supervisor.pid)

    for name in names:
        wait_running(supervisor, name)
    wait_until(complete, what="all workers and the zygote")
    before = settled_fds(supervisor)
    zygotes = 1
    for turn in range(turns):
        if turn % 10 == 5:
            kill(zygote_pid(supervisor, zygotes))
            zygotes += 1
        name = choose.choice(names)
        count = len(pids(supervisor, name))
        kill(pids(supervisor, name)[-1])
        wait_running(supervisor, name, count + 1)
        assert shop.ask()
        if turn % 10 == 5:
            wait_log(supervisor, "zygote 'shop': ready", zygotes)
    wait_until(complete, what="all workers and the zygote")
    wait_until(lambda: open_fds(supervisor.pid) == before, what="as many fds as before")
    assert zygotes == turns // 10 + 1 == len(shop.imported())
    assert supervisor.stop() == 0
