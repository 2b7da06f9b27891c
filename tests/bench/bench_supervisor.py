#!/usr/bin/env python3
"""The supervisor beside supervisord: the same configuration, the same machine, in turns.

Fleet: programs that are all `sleep`, startsecs = 0.  They are RUNNING when the main log has said so of the last.
Respawn: one program with the default startsecs, killed when it runs; the time is from before kill() to the first
line of the new one, a shell, through a pipe.  Wake-ups: voluntary context switches of the daemon and its
own processes while nothing happens.  Logs: `dd` writes lines into its standard output as fast as they are taken;
the time is from its start until the log file has them all.  The bare pump is a process that does nothing but
splice(2) from such a pipe to such a file.
"""
import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import harness
from daemons import Daemon, commands, cpu_seconds, memory, switches
from harness import median, progress, table

MIB = 1 << 20


def seconds(value):
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.1f} ms"


class Results:
    """{what: {side: [values]}}"""

    def __init__(self):
        self.values = {}

    def add(self, what, side, value):
        self.values.setdefault(what, {}).setdefault(side, []).append(value)

    def median(self, what, side):
        return median(self.values.get(what, {}).get(side, []))

    def has(self, what, side):
        return bool(self.values.get(what, {}).get(side))


# ---------------------------------------------------------------- a fleet of sleeping programs

def fleet(side, command, place, count, idle, results):
    config = "".join(f"[program:p{number:04d}]\ncommand = /bin/sleep 100000\nstartsecs = 0\n"
                     for number in range(count))
    progress(f"{side}: {count} programs")
    begun = time.perf_counter()
    daemon = Daemon(command, place / side, config, fds=min(5 * count + 100, hard_fds()))
    try:
        daemon.wait_log(b"entered RUNNING", count)
        results.add("start", side, time.perf_counter() - begun)
        daemon.ready()
        for role, pid in daemon.parts().items():
            results.add(f"memory {role}", side, memory(pid))
        idle_switches(side, daemon, idle, results)
        timed(results, "stop all", side, daemon.rpc.supervisor.stopAllProcesses)
        timed(results, "start all", side, daemon.rpc.supervisor.startAllProcesses)
        timed(results, "shutdown", side, daemon.stop)
    finally:
        daemon.stop()


def hard_fds():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def timed(results, what, side, function):
    progress(f"{side}: {what}")
    begun = time.perf_counter()
    function()
    results.add(what, side, time.perf_counter() - begun)


def idle_switches(side, daemon, idle, results):
    progress(f"{side}: idle for {idle} s")
    time.sleep(1)  # what the start has left to do
    pids = list(daemon.parts().values())
    before = sum(map(switches, pids))
    time.sleep(idle)  # the measured time itself
    results.add("wake-ups", side, (sum(map(switches, pids)) - before) / idle)


# ---------------------------------------------------------------- respawn

def respawn(side, command, place, kills, results):
    """Needs the default startsecs: what dies earlier is started again after a back-off."""
    directory = place / side
    daemon = Daemon(command, directory, f"[program:p]\ncommand = /bin/sh {place}/hello {place}/{side}.fifo\n")
    fifo = f"{place}/{side}.fifo"
    (place / "hello").write_text('echo $$ >"$1"\nexec sleep 100000\n')
    if os.path.exists(fifo):
        os.unlink(fifo)
    os.mkfifo(fifo)
    # Read and write: no end of file between two programs.
    end = os.open(fifo, os.O_RDWR | os.O_CLOEXEC)
    try:
        pid = told(end)
        for number in range(kills):
            progress(f"{side}: respawn {number + 1}/{kills}")
            daemon.wait_log(b"entered RUNNING", number + 1)
            begun = time.perf_counter()
            os.kill(pid, signal.SIGKILL)
            pid = told(end)
            results.add("respawn", side, time.perf_counter() - begun)
    finally:
        os.close(end)
        daemon.stop()


def told(end):
    if not select.select([end], [], [], 60)[0]:
        raise TimeoutError("no program has started")
    return int(os.read(end, 100))


# ---------------------------------------------------------------- logs

def flood(side, command, place, size, results):
    daemon = Daemon(command, place / side, f"""[program:flood]
command = /bin/dd if={place}/lines bs=64k status=none
autostart = false
autorestart = false
startsecs = 0
stdout_logfile = {place}/log
stdout_logfile_maxbytes = 0
stderr_logfile = NONE
""").ready()
    try:
        pids = list(daemon.parts().values())
        before = sum(map(cpu_seconds, pids))
        progress(f"{side}: {size // MIB} MiB of log")
        begun = time.perf_counter()
        daemon.rpc.supervisor.startProcess("flood", False)
        harness.wait_until(lambda: daemon.alive() and size_of(place / "log") >= size, 300)
        results.add("log", side, size / (time.perf_counter() - begun))
        results.add("log cpu", side, (sum(map(cpu_seconds, pids)) - before) / size * 1e9)
    finally:
        daemon.stop()
        (place / "log").unlink(missing_ok=True)


def size_of(path):
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


PUMP = """import os, sys, fcntl
size = int(sys.argv[2])
out = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)
fcntl.fcntl(0, 1031, 1 << 20)  # F_SETPIPE_SZ
while size:
    size -= os.splice(0, out, 1 << 20)
"""


def pump(place, size, results):
    progress(f"splice: {size // MIB} MiB of log")
    begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    source, sink = os.pipe()
    with subprocess.Popen([sys.executable, "-c", PUMP, str(place / "log"), str(size)], stdin=source) as process:
        os.close(source)
        dd = subprocess.Popen(["/bin/dd", f"if={place}/lines", "bs=64k", "status=none"], stdout=sink)
        os.close(sink)
        process.wait()
        results.add("log", "splice", size / (time.perf_counter() - begun))
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    results.add("log cpu", "splice", (now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime) / size * 1e9)
    dd.wait()
    (place / "log").unlink()


def lines(path, size):
    line = b"2026-01-01 12:00:00,000 INFO a line of log as many programs write them, of a hundred bytes.......\n"
    with open(path, "wb") as file:
        block = line * (MIB // len(line))
        while file.tell() < size:
            file.write(block[:size - file.tell()])


# ---------------------------------------------------------------- the table

def row(results, name, what, form, target, better=lambda theirs, ours: theirs / ours):
    ours = results.median(what, "forkserver")
    if not results.has(what, "supervisord"):
        return [name, "-", form(ours), "-", target]
    theirs = results.median(what, "supervisord")
    ratio = f"{better(theirs, ours):.0f}x" if ours else "-"
    return [name, form(theirs), form(ours), ratio, target]


def show(results, options):
    def mib(value):
        return f"{value / MIB:.1f} MiB"

    def rate(value):
        return f"{value / 1e6:.0f} MB/s"
    rows = [row(results, f"start {options.programs}, all RUNNING", "start", seconds, "<= 1 s"),
            row(results, "RSS of the supervisor with them", "memory supervisor", mib, "<= 8 MiB")]
    rows += [["RSS of the " + role, "-", mib(results.median(f"memory {role}", "forkserver")), "-", "-"]
             for role in ("logger", "control") if results.has(f"memory {role}", "forkserver")]
    rows += [row(results, "wake-ups a second when idle", "wake-ups", "{:.2f}".format, "0"),
             row(results, "stop all", "stop all", seconds, "<= 1 s"),
             row(results, "start all", "start all", seconds, "<= 1 s"),
             row(results, "SIGTERM to the end", "shutdown", seconds, "-"),
             row(results, "SIGKILL of a program to its respawn", "respawn", seconds, "<= 5 ms"),
             row(results, "log of a program", "log", rate, ">= 5x", lambda theirs, ours: ours / theirs),
             row(results, "CPU seconds for 1 GB of log", "log cpu", "{:.2f}".format, "-")]
    table(["", "supervisord", "forkserver", "ratio", "target"], rows)
    print()
    splice, ours = results.median("log", "splice"), results.median("log", "forkserver")
    table(["log of a program", "splice", "forkserver", "ratio", "target"],
          [["rate", rate(splice), rate(ours), f"{ours / splice:.2f}", ">= 0.8"],
           ["CPU seconds for 1 GB (splice: with dd)", f"{results.median('log cpu', 'splice'):.2f}",
            f"{results.median('log cpu', 'forkserver'):.2f}", "", "-"]])


def main():
    parser = harness.arguments(__doc__, 3)
    parser.add_argument("--programs", type=int, default=1000, help="in the fleet (default 1000)")
    parser.add_argument("--idle", type=float, default=10, help="seconds without work (default 10)")
    parser.add_argument("--kills", type=int, default=9, help="for each side and run (default 9)")
    parser.add_argument("--megabytes", type=int, default=512, help="of log (default 512)")
    parser.add_argument("--only", choices=["fleet", "respawn", "log"], help="one part alone")
    options = parser.parse_args()
    print(f"\nsupervisor, medians of {options.runs} runs; {harness.machine()}")
    sides, results = commands(), Results()
    size = options.megabytes * MIB
    place = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    wanted = [options.only] if options.only else ["fleet", "respawn", "log"]
    try:
        lines(place / "lines", size if "log" in wanted else 0)
        for _ in range(options.runs):
            for side, command in sides.items():
                if "fleet" in wanted:
                    fleet(side, command, place, options.programs, options.idle, results)
                if "respawn" in wanted:
                    respawn(side, command, place, options.kills, results)
                if "log" in wanted:
                    flood(side, command, place, size, results)
            if "log" in wanted:
                pump(place, size, results)
    finally:
        progress("")
        shutil.rmtree(place, ignore_errors=True)
    show(results, options)


if __name__ == "__main__":
    main()
