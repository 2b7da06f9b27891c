"""A configuration that is only half there, and a clock that jumps."""
import ctypes
import mmap
import os
import shutil
import signal
import struct
import subprocess
import xmlrpc.client

import pytest

from conftest import CONTROLLED, DEADLINE, answering, builddir
from fault_util import is_busy
from supervisor_util import is_alive, pids, wait_log, wait_running

PROGRAMS = """[program:a]
command = /bin/sleep 100000
startsecs = 0
environment = A="1",B="two words"
[group:g]
programs = b
priority = 5
[program:b]
command = /bin/sh -c "exec sleep 100000"
startsecs = 0
exitcodes = 0,2
stdout_logfile_maxbytes = 1MB
"""


def test_truncated_at_each_byte(needs_control, supervise, tmp_path, figure):
    """Whatever a reread makes of it, what runs goes on, and the whole file is read in the end."""
    supervisor = supervise(CONTROLLED + PROGRAMS)
    config = tmp_path / "forkserver-0.conf"
    text = config.read_text()
    running = {name: wait_running(supervisor, name) for name in "ab"}
    rpc, refused = answering(supervisor, tmp_path / "s"), 0
    for length in range(len(text)):
        config.write_text(text[:length])
        try:
            rpc.reloadConfig()
        except xmlrpc.client.Fault as fault:
            assert fault.faultCode == 92, fault
            refused += 1
    config.write_text(text)
    assert rpc.reloadConfig() == [[[], [], []]]
    assert {name: pids(supervisor, name) for name in "ab"} == {name: [pid] for name, pid in running.items()}
    figure("lengths, refused", f"{len(text)}, {refused}")
    assert refused > 20
    assert supervisor.stop() == 0


def test_check_truncated(tmp_path):
    """--check-config of each part of a file: a verdict, never a crash."""
    config = tmp_path / "c.conf"
    text = CONTROLLED + PROGRAMS
    for length in range(0, len(text), 3):
        config.write_text(text[:length])
        run = subprocess.run([str(builddir() / "forkserver"), "--check-config", "-c", str(config)], timeout=DEADLINE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert run.returncode in (0, 2), (text[:length], run)
        assert (run.returncode == 0) or "Error" in run.stderr, (text[:length], run)


def test_hangup_with_an_error(needs_control, supervise, tmp_path):
    """SIGHUP with a configuration that is wrong leaves everything as it is."""
    supervisor = supervise(CONTROLLED + PROGRAMS)
    config = tmp_path / "forkserver-0.conf"
    running = [wait_running(supervisor, name) for name in "ab"]
    rpc = answering(supervisor, tmp_path / "s")
    config.write_text(config.read_text() + "startsecs = soon\n")
    os.kill(supervisor.pid, signal.SIGHUP)
    wait_log(supervisor, "startsecs")
    assert rpc.getState()["statename"] == "RUNNING"
    assert all(map(is_alive, running))
    assert pids(supervisor, "a") == running[:1]
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- a clock that jumps

# Adds a number of seconds, which a file holds, to what the C library says of the time of day.
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long *offset;
__attribute__((constructor)) static void init(void)
{
	int fd = open(getenv("CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);

	offset = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
}
int clock_gettime(clockid_t clock, struct timespec *now)
{
	int r = (int)syscall(SYS_clock_gettime, clock, now);

	if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += *offset;
	return r;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	now->tv_sec = t.tv_sec;
	now->tv_usec = t.tv_nsec / 1000;
	return 0;
}
time_t time(time_t *at)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (at)
		*at = t.tv_sec;
	return t.tv_sec;
}
"""


@pytest.fixture
def clock(tmp_path):
    """(environment, set): a supervisor's own time of day, in seconds from the real one."""
    compiler = shutil.which(os.environ.get("CC", "cc").split()[0])
    if compiler is None:
        pytest.skip("no C compiler")
    source, library, offset = tmp_path / "clock.c", tmp_path / "clock.so", tmp_path / "offset"
    source.write_text(CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", str(source), "-o", str(library)], check=True, timeout=DEADLINE)
    offset.write_bytes(bytes(4096))
    with open(offset, "r+b") as file:
        with mmap.mmap(file.fileno(), 4096) as memory:
            def step(seconds):
                memory[:8] = struct.pack("l", seconds)
            yield {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}, step


TICKS = """import sys
out = open(sys.argv[1], "a")
while True:
    sys.stdout.write("READY\\n"); sys.stdout.flush()
    head = dict(word.split(":", 1) for word in sys.stdin.readline().split())
    sys.stdin.read(int(head["len"]))
    out.write(head["eventname"] + "\\n"); out.flush()
    sys.stdout.write("RESULT 2\\nOK"); sys.stdout.flush()
"""


def test_clock_steps(needs_control, supervise, tmp_path, clock):
    """Ten years forth and back: nothing is restarted, nothing waits for a decade, no ticks for all the time between."""
    env, step = clock
    (tmp_path / "ticks.py").write_text(TICKS)
    # The programs must not be given our clock: -E, an empty environment of their own.
    supervisor = supervise(CONTROLLED + f"""[program:steady]
command = /bin/sleep 100000
startsecs = 1
environment = LD_PRELOAD=""
[program:late]
command = /bin/sleep 100000
startsecs = 1
autostart = false
environment = LD_PRELOAD=""
[program:deaf]
command = /bin/sh -c "trap : TERM; echo up >{tmp_path}/up; while sleep 0.1; do true; done"
startsecs = 0
stopwaitsecs = 1
environment = LD_PRELOAD=""
[eventlistener:ticks]
command = /usr/bin/python3 {tmp_path}/ticks.py {tmp_path}/ticks
events = TICK_5
startsecs = 0
environment = LD_PRELOAD=""
""", env=env)
    steady, ticks = wait_running(supervisor, "steady"), wait_running(supervisor, "ticks")
    rpc = answering(supervisor, tmp_path / "s")
    supervisor.wait_file(tmp_path / "up")
    decade = 10 * 365 * 86400
    for seconds in (decade, -decade, 86400, -1):
        step(seconds)
        assert rpc.startProcess("late") is True
        assert rpc.stopProcess("late") is True
        info = rpc.getProcessInfo("steady")
        assert info["statename"] == "RUNNING" and "uptime 0:0" in info["description"], info
    wait_log(supervisor, r"^203\d-")  # the main log has the other time: the steps were seen
    assert rpc.stopProcess("deaf") is True
    busy = is_busy([supervisor.pid])
    assert busy < 0.5
    assert [pids(supervisor, name) for name in ("steady", "ticks")] == [[steady], [ticks]]
    # Real time: some seconds, so at most a handful of ticks; a decade of them would be millions.
    seen = (tmp_path / "ticks").read_text().splitlines() if (tmp_path / "ticks").exists() else []
    assert len(seen) < 60, len(seen)
    assert supervisor.stop() == 0
