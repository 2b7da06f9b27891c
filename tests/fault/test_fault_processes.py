"""Programs that die, hang, multiply, or cannot be started."""
import os
import resource
import signal
import time

from conftest import HEAD, children, descendants, scaled, wait_until
from fault_util import STRANGER, Limit, is_busy, ms, open_to_all, part, quantile
from supervisor_util import (is_alive, kill, open_fds, pids, settled_fds, wait_log, wait_pid, wait_running,
                             zombies)

SLEEP = "command = /bin/sleep 100000\nstartsecs = 0\nstdout_logfile = NONE\nstderr_logfile = NONE\n"


def test_killed_again_and_again(supervise, figure):
    """Each is replaced, each exit is told, nothing is left over."""
    supervisor = supervise(HEAD + f"[program:p]\n{SLEEP}numprocs = 4\nprocess_name = p%(process_num)d\n")
    for number in range(4):
        wait_running(supervisor, f"p{number}")
    fds, times, rounds = settled_fds(supervisor), [], scaled(200)
    for number in range(rounds):
        name = f"p{number % 4}"
        pid = wait_running(supervisor, name, number // 4 + 1)
        begun = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(pids(supervisor, name)) > number // 4 + 1, what=f"another {name}")
        times.append(time.monotonic() - begun)
    wait_log(supervisor, r"exited: p\d \(terminated by SIGKILL; not expected\)", rounds)
    wait_log(supervisor, r"success: p\d entered RUNNING", rounds + 4)
    assert zombies(supervisor.pid) == []
    assert open_fds(supervisor.pid) == fds
    figure("replaced, as seen in the log: median, most", f"{ms(quantile(times, 0.5))}, {ms(max(times))}")
    assert supervisor.stop() == 0


def test_stopped_by_a_signal(supervise):
    """SIGSTOP: whether by SIGCONT or SIGKILL, it ends."""
    supervisor = supervise(HEAD + f"[program:p]\n{SLEEP}stopwaitsecs = 1\n")
    pid = wait_running(supervisor, "p")
    os.kill(pid, signal.SIGSTOP)
    assert supervisor.stop() == 0
    assert not is_alive(pid)


def test_deaf_with_grandchildren(supervise, tmp_path, figure):
    """A program that ignores SIGTERM, with fifty children in its group, is gone by its deadline."""
    script = tmp_path / "deaf"
    script.write_text('trap "" TERM\nfor i in $(seq 50); do sleep 1000 & done\ntouch "$0.ready"\nwhile :; do wait; done\n')
    supervisor = supervise(HEAD + f"""[program:deaf]
command = /bin/sh {script}
startsecs = 0
stopwaitsecs = 1
stopasgroup = true
killasgroup = true
""")
    pid = wait_running(supervisor, "deaf")
    supervisor.wait_for((tmp_path / "deaf.ready").exists, "not ready")
    family = [pid, *descendants(pid)]
    assert len(family) == 51
    begun = time.monotonic()
    assert supervisor.stop() == 0
    figure("51 processes gone after", ms(time.monotonic() - begun))
    wait_until(lambda: not any(map(is_alive, family)), what="the end of the grandchildren")


BOMB = """import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


def test_fork_bomb(supervise, tmp_path):
    """rlimit_nproc holds it; a neighbour is replaced meanwhile, and in the end all of it is gone."""
    script = tmp_path / "bomb.py"
    script.write_text(BOMB)
    open_to_all(tmp_path)
    supervisor = supervise(HEAD + f"""[program:bomb]
command = /usr/bin/python3 {script}
user = {STRANGER}
rlimit_nproc = 40
killasgroup = true
stopasgroup = true
startsecs = 0
autorestart = false
[program:neighbour]
{SLEEP}""")
    bomb = wait_running(supervisor, "bomb")
    wait_until(lambda: len(descendants(bomb)) >= 30, what="the bomb")
    assert len(descendants(bomb)) <= 40
    kill(wait_running(supervisor, "neighbour"))
    wait_running(supervisor, "neighbour", 2)
    family = [bomb, *descendants(bomb)]
    assert supervisor.stop() == 0
    wait_until(lambda: not any(map(is_alive, family)), what="the end of the bomb")


ORPHANS = """import os, sys
out, end = os.pipe()
for number in range(int(sys.argv[1])):
    if os.fork() == 0:
        os.close(end)
        os.read(out, 1)  # until the parent is gone, and all go at once
        os._exit(3)
sys.stderr.write("made\\n")
"""


def test_orphans(supervise, tmp_path, figure):
    """The children of a program that has ended are the supervisor's, and are reaped."""
    count = scaled(2000)
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    supervisor = supervise(HEAD + f"""[program:p]
command = /usr/bin/python3 {script} {count}
startsecs = 0
autorestart = false
[program:neighbour]
{SLEEP}""")
    wait_log(supervisor, "exited: p ")
    begun = time.monotonic()
    neighbour = wait_running(supervisor, "neighbour")
    own = {neighbour, part(supervisor, "logger"), part(supervisor, "control")}
    supervisor.wait_for(lambda: set(children(supervisor.pid)) <= own, "orphans are left")
    figure(f"{count} orphans reaped after", ms(time.monotonic() - begun))
    assert is_alive(neighbour)
    assert supervisor.stop() == 0


def test_no_more_processes(supervise, tmp_path, figure):
    """fork() fails with EAGAIN: back-off, no spin; when there is room again all come back."""
    open_to_all(tmp_path)
    supervisor = supervise(HEAD.replace("nodaemon", f"user = {STRANGER}\nnodaemon")
                           + f"[program:p]\n{SLEEP}numprocs = 5\nprocess_name = p%(process_num)d\nstartretries = 1000\n")
    running = [wait_running(supervisor, f"p{number}") for number in range(5)]
    with Limit(supervisor.pid, resource.RLIMIT_NPROC, 1, STRANGER):
        for pid in running:
            kill(pid)
        wait_log(supervisor, "spawnerr: ", 5)
        busy = is_busy([supervisor.pid])
    begun = time.monotonic()
    for number in range(5):
        wait_running(supervisor, f"p{number}", 2)
    figure("part of a CPU used without processes", f"{busy:.3f}")
    figure("all back after", ms(time.monotonic() - begun))
    assert busy < 0.5
    assert supervisor.stop() == 0


def test_no_more_fds(supervise, figure):
    """EMFILE in the supervisor: back-off, no spin, and all is well when there are fds again."""
    supervisor = supervise(HEAD + f"[program:p]\n{SLEEP}numprocs = 3\nprocess_name = p%(process_num)d\nstartretries = 1000\n")
    running = [wait_running(supervisor, f"p{number}") for number in range(3)]
    with Limit(supervisor.pid, resource.RLIMIT_NOFILE, 3):
        for pid in running:
            kill(pid)
        wait_log(supervisor, "spawnerr: ", 3)
        busy = is_busy([supervisor.pid])
    figure("part of a CPU used without fds", f"{busy:.3f}")
    assert busy < 0.5
    begun = time.monotonic()
    for number in range(3):
        wait_running(supervisor, f"p{number}", 2)
    figure("all back after", ms(time.monotonic() - begun))
    assert supervisor.stop() == 0
