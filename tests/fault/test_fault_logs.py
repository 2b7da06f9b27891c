"""Logs: a logger that dies or stalls, disks that are full or gone, output that is meant to confuse."""
import hashlib
import os
import re
import shutil
import signal
import time

import pytest

from conftest import HEAD, scaled
from fault_util import Mounted, is_busy, ms, part, peak_memory
from supervisor_util import is_alive, kill, wait_log, wait_running

MIB = 1 << 20

# Writes numbered lines to its standard output until it is told to end.
COUNTER = """import signal, sys, time
go = [1]
signal.signal(signal.SIGTERM, lambda *_: go.clear())
number = 0
while go:
    sys.stdout.write("line %08d\\n" % number)
    sys.stdout.flush()
    number += 1
    if number % 50 == 0:
        time.sleep(0.001)
open(sys.argv[1], "w").write(str(number))
"""


def counter(tmp_path, name="counter", **keys):
    script = tmp_path / "counter.py"
    script.write_text(COUNTER)
    keys = {"stdout_logfile": tmp_path / f"{name}.log", "stdout_logfile_maxbytes": 0, **keys}
    return (f"[program:{name}]\ncommand = /usr/bin/python3 {script} {tmp_path}/{name}.count\nstartsecs = 0\n"
            + "".join(f"{key} = {value}\n" for key, value in keys.items()))


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def whole(tmp_path, name="counter"):
    """Every line once, in order, to the last."""
    count = int((tmp_path / f"{name}.count").read_text())
    assert lines_of(tmp_path / f"{name}.log") == ["line %08d" % number for number in range(count)]
    return count


def logger(supervisor):
    return supervisor.wait_for(lambda: part(supervisor, "logger"), "no logger")


def grows(path, supervisor):
    before = path.stat().st_size if path.exists() else 0
    supervisor.wait_for(lambda: path.exists() and path.stat().st_size > before, f"{path.name} does not grow")


def test_logger_killed(supervise, tmp_path, figure):
    """Another one takes over; no byte is lost or told twice, no program notices."""
    supervisor = supervise(HEAD + counter(tmp_path))
    pid, times = wait_running(supervisor, "counter"), []
    for _ in range(scaled(10)):
        grows(tmp_path / "counter.log", supervisor)
        old = logger(supervisor)
        begun = time.monotonic()
        kill(old)
        supervisor.wait_for(lambda: part(supervisor, "logger") not in (None, old), "no other logger")
        times.append(time.monotonic() - begun)
    grows(tmp_path / "counter.log", supervisor)
    assert is_alive(pid)
    assert supervisor.stop() == 0
    figure("lines, logger replaced within", f"{whole(tmp_path)}, {ms(max(times))}")


def test_logger_stalled(supervise, tmp_path):
    """A logger that stands still keeps nobody from working; then it goes on where it was."""
    supervisor = supervise(HEAD + counter(tmp_path) + "[program:other]\ncommand = /bin/sleep 100000\nstartsecs = 0\n")
    wait_running(supervisor, "counter")
    grows(tmp_path / "counter.log", supervisor)
    stalled = logger(supervisor)
    os.kill(stalled, signal.SIGSTOP)
    for number in range(1, 4):
        kill(wait_running(supervisor, "other", number))
    wait_running(supervisor, "other", 4)
    os.kill(stalled, signal.SIGCONT)
    grows(tmp_path / "counter.log", supervisor)
    assert supervisor.stop() == 0
    whole(tmp_path)


def test_stalled_sink(supervise, tmp_path, figure):
    """A log that nobody takes off: its writer waits, the memory is bounded, a neighbour goes on."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDWR | os.O_CLOEXEC)
    supervisor = supervise(HEAD + f"""[program:flood]
command = /bin/dd if=/dev/zero bs=64k status=none
startsecs = 0
stdout_logfile = {fifo}
stdout_logfile_maxbytes = 0
""" + counter(tmp_path))
    wait_running(supervisor, "flood")
    wait_running(supervisor, "counter")
    for _ in range(20):
        grows(tmp_path / "counter.log", supervisor)
    assert peak_memory(logger(supervisor)) < 32 * MIB
    busy = is_busy([logger(supervisor)])
    figure("memory of the logger, part of a CPU", f"{peak_memory(logger(supervisor)) / MIB:.1f} MiB, {busy:.2f}")
    os.close(reader)
    assert supervisor.stop() == 0
    whole(tmp_path)


def test_full_disk(supervise, tmp_path, figure):
    """ENOSPC: programs and the other logs go on; when there is room again the log does, too."""
    disk = tmp_path / "disk"
    with Mounted(disk, "256k"):
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(128 * 1024))
        try:
            supervisor = supervise(HEAD + counter(tmp_path, "full", stdout_logfile=disk / "full.log")
                                   + counter(tmp_path, "fine"))
            wait_running(supervisor, "full")
            wait_running(supervisor, "fine")
            supervisor.wait_for(lambda: shutil.disk_usage(disk).free < 4096, "the disk is not full")
            for _ in range(5):
                grows(tmp_path / "fine.log", supervisor)
            figure("part of a CPU on a full disk", f"{is_busy([logger(supervisor)]):.2f}")
            ballast.unlink()
            grows(disk / "full.log", supervisor)
            assert supervisor.stop() == 0
            whole(tmp_path, "fine")
            lines = lines_of(disk / "full.log")[:-1]
            numbers = [int(line.split()[1]) for line in lines if re.fullmatch(r"line \d{8}", line)]
            assert numbers == sorted(set(numbers)), "lines twice or in disorder"
        finally:
            supervisor.process.poll() is None and supervisor.kill()


def test_directory_gone(supervise, tmp_path):
    """The directory of a log vanishes: rotation fails, nothing else does; what is written goes on into the open file or comes
    back with the directory."""
    place = tmp_path / "logs"
    place.mkdir()
    supervisor = supervise(HEAD + counter(tmp_path, "lost", stdout_logfile=place / "lost.log", stdout_logfile_maxbytes=20000,
                                          stdout_logfile_backups=2) + counter(tmp_path, "fine"))
    lost = wait_running(supervisor, "lost")
    wait_running(supervisor, "fine")
    supervisor.wait_for((place / "lost.log.1").exists, "no rotation")
    shutil.rmtree(place)
    for _ in range(10):
        grows(tmp_path / "fine.log", supervisor)
    assert is_alive(lost)
    place.mkdir()
    os.kill(supervisor.pid, signal.SIGUSR2)
    grows(place / "lost.log", supervisor)
    assert supervisor.stop() == 0
    whole(tmp_path, "fine")


def test_read_only(supervise, tmp_path, figure):
    """A file system that turns read-only during rotations."""
    disk = tmp_path / "disk"
    with Mounted(disk, "8m") as mounted:
        supervisor = None
        try:
            supervisor = supervise(HEAD + counter(tmp_path, "p", stdout_logfile=disk / "p.log", stdout_logfile_maxbytes=20000,
                                                  stdout_logfile_backups=2) + counter(tmp_path, "fine"))
            pid = wait_running(supervisor, "p")
            supervisor.wait_for((disk / "p.log.2").exists, "no rotation")
            mounted.read_only()
            try:
                for _ in range(20):
                    grows(tmp_path / "fine.log", supervisor)
                assert is_alive(pid)
                busy = is_busy([logger(supervisor)])
            finally:
                mounted.writable()
            first = (disk / "p.log.1").stat().st_ino
            supervisor.wait_for(lambda: (disk / "p.log.1").stat().st_ino != first, "no rotation any more")
            figure("part of a CPU on a read-only disk", f"{busy:.2f}")
            assert supervisor.stop() == 0
        finally:
            supervisor and supervisor.process.poll() is None and supervisor.kill()
    whole(tmp_path, "fine")


def test_no_end_of_line(supervise, tmp_path, figure):
    """One line of many megabytes, with every byte there is: the file is what was written, the memory is bounded."""
    size = scaled(64) * MIB
    script = tmp_path / "line.py"
    script.write_text(f"""import hashlib, os, sys
block = bytes(byte for byte in range(256) if byte != 10) * 257
left, digest = {size}, hashlib.sha256()
while left:
    part = block[:left]
    left -= len(part)
    digest.update(part)
    while part:
        part = part[os.write(1, part):]
open(sys.argv[1], "w").write(digest.hexdigest())
""")
    supervisor = supervise(HEAD + f"""[program:line]
command = /usr/bin/python3 {script} {tmp_path}/digest
startsecs = 0
autorestart = false
stdout_logfile = {tmp_path}/line.log
stdout_logfile_maxbytes = 0
""")
    begun = time.monotonic()
    wait_log(supervisor, "exited: line ")
    path = tmp_path / "line.log"
    supervisor.wait_for(lambda: path.stat().st_size >= size, "not all is there")
    figure("rate, memory of the logger", f"{size / 1e6 / (time.monotonic() - begun):.0f} MB/s, "
           f"{peak_memory(logger(supervisor)) / MIB:.1f} MiB")
    assert peak_memory(logger(supervisor)) < 32 * MIB
    assert hashlib.sha256(path.read_bytes()).hexdigest() == (tmp_path / "digest").read_text()
    assert supervisor.stop() == 0


def test_forged_lines(supervise, tmp_path):
    """In the format with prefixes no output can pass for another program's, or for a line of our own."""
    script = tmp_path / "forger"
    script.write_text("""printf 'one\\n2026-01-01 00:00:00,000 victim:victim stdout | forged\\n'
printf 'half'; sleep 0.2; printf ' done\\n'
printf 'nul \\000 return \\r2026-01-01 00:00:00,000 victim:victim stdout | forged\\n'
printf 'no end of line'
""")
    supervisor = supervise(HEAD + f"""[program:forger]
command = /bin/sh {script}
startsecs = 0
autorestart = false
stdout_logfile = {tmp_path}/log
logfile_format = text
""")
    wait_log(supervisor, "exited: forger ")
    assert supervisor.stop() == 0
    lines = (tmp_path / "log").read_bytes().split(b"\n")
    assert lines.pop() == b""
    for line in lines:
        assert re.match(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} forger:forger stdout \| ", line), lines
    assert b"half done" in lines[2] and lines[-1].endswith(b"no end of line")
