#!/usr/bin/env python3
"""What the audit of an import costs.

Each round imports the same application once on each side, in the same order: a plain interpreter, the
zygote without an audit, the audits, and strace.  The ratio is the median of the rounds' ratios, to the
plain interpreter for strace and to the unaudited zygote for the audits; the latter's libpython is a
shared library, which on Debian is slower than the interpreter of /usr/bin, so both are shown.

strace stops at the calls that return an fd, without those that only sometimes do (fcntl, ioctl,
recvmsg): the audit has these too, with a filter on their arguments.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import harness
import zygote
from harness import PYTHON, builddir, environment, median, median_ratio, progress, table

MAKE_FDS = ("open openat openat2 creat open_by_handle_at mq_open memfd_create memfd_secret open_tree "
            "fsopen fsmount fspick socket socketpair accept accept4 pipe pipe2 dup dup2 dup3 pidfd_getfd "
            "epoll_create epoll_create1 eventfd eventfd2 signalfd signalfd4 timerfd_create inotify_init "
            "inotify_init1 fanotify_init userfaultfd perf_event_open io_uring_setup pidfd_open").split()
MIB = 1 << 20


class Side:
    def __init__(self, name, run, base):
        self.name, self.run, self.base = name, run, base
        self.imports, self.walls = [], []

    def measure(self):
        started = time.perf_counter()
        self.imports.append(self.run())
        self.walls.append(time.perf_counter() - started)


def importer(modules):
    return [PYTHON, "-c", "import time; t = time.perf_counter()\nimport " + ", ".join(modules) +
            "\nprint(time.perf_counter() - t)"]


def run_plain(command, prefix=()):
    return float(subprocess.run([*prefix, *command], check=True, env=environment(), text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout)


def run_unaudited(version, modules):
    started = zygote.Zygote(version, modules, policy=zygote.OFF)
    seconds = started.report()["import_seconds"]
    started.close()
    return seconds


def run_audit(modules, mode, output):
    """The command as a person or CI runs it; a violation is as good as none here."""
    subprocess.run([builddir() / "forkserver", "--audit-only", "--format", "json", "--quiet",
                    "--output", output, "--mode", mode, "--python", PYTHON, *modules],
                   env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    report = json.loads(pathlib.Path(output).read_text())
    if report["verdict"] == "error":
        raise SystemExit(f"the audit ended with an error: {report['error']}")
    run_audit.events = report["events"]
    return report["import_seconds"]


def tracer_memory(version, modules, mode):
    """The most that a tracer has used while it lived, read every few milliseconds in a run that is not
    timed: resident, and of that private to it."""
    started = zygote.Zygote(version, modules, mode=mode)
    most = dict.fromkeys(("VmHWM", "RssAnon", "RssFile", "Pss", "uss", "written"), 0)
    status, maps = ("VmHWM", "RssAnon", "RssFile"), ("Pss", "Private_Clean", "Private_Dirty")
    pid, seen = 0, False
    while pid or not seen:  # from the tracer's attaching to its verdict
        pid = harness.proc_numbers(f"/proc/{started.pid}/status", ("TracerPid",), unit=1)["TracerPid"]
        now = harness.proc_numbers(f"/proc/{pid}/status", status) if pid else {}
        rollup = harness.proc_numbers(f"/proc/{pid}/smaps_rollup", maps) if pid else {}
        if rollup:
            seen = True
            now.update(Pss=rollup["Pss"], uss=rollup["Private_Clean"] + rollup["Private_Dirty"],
                       written=rollup["Private_Dirty"])
        for name, value in now.items():
            most[name] = max(most[name], value)
        time.sleep(0.003)
    started.report()
    started.close()
    return most


def show_times(sides):
    plain, rows = sides[0], []
    for side in sides:
        rows.append([side.name, f"{median(side.imports) * 1e3:.0f} ms",
                     f"{median_ratio(side.imports, plain.imports):.2f}",
                     f"{median_ratio(side.imports, side.base.imports):.3f}" if side.base else "",
                     f"{median(side.walls) * 1e3:.0f} ms",
                     f"{median_ratio(side.walls, plain.walls):.2f}"])
    table(["", "import", "/ plain", "/ own base", "whole process", "/ plain"], rows)


def show_memory(version, modules, runs):
    rows = []
    for name, mode in (("filter", zygote.FILTER), ("full", zygote.FULL)):
        seen = [tracer_memory(version, modules, mode) for _ in range(runs)]
        most = {key: median([each[key] for each in seen]) / MIB for key in seen[0]}
        rows.append([f"tracer, {name} mode", *(f"{most[key]:.1f} MiB" for key in
                                               ("VmHWM", "RssAnon", "RssFile", "Pss", "uss", "written"))])
    table(["memory at most", "RSS", "anonymous", "of files", "PSS", "private", "written"], rows)


def main():
    options = harness.arguments(__doc__, 11).parse_args()
    version = harness.python_version()
    modules = harness.application()
    command = importer(modules)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        plain = Side(f"{PYTHON}", lambda: run_plain(command), None)
        off = Side("zygote, audit = off", lambda: run_unaudited(version, modules), None)
        sides = [plain, off]
        for mode in ("filter", "full"):
            sides.append(Side(f"forkserver --audit-only, {mode} mode",
                              lambda mode=mode: run_audit(modules, mode, "report"), off))
        if shutil.which("strace"):
            calls = "trace=" + ",".join("?" + name for name in MAKE_FDS)
            sides.append(Side("strace -f --seccomp-bpf -e fd-making calls", lambda: run_plain(
                command, ["strace", "-f", "--seccomp-bpf", "-e", calls, "-o", "/dev/null"]), plain))
            sides.append(Side("strace -f", lambda: run_plain(
                command, ["strace", "-f", "-o", "/dev/null"]), plain))
        else:
            print("  no strace: left out")
        for number in range(options.runs + 1):  # the first warms the page cache and is not counted
            for side in sides:
                progress(f"{number}/{options.runs} {side.name}")
                side.measure()
            if number == 0:
                for side in sides:
                    side.imports.clear()
                    side.walls.clear()
        progress("")
        print(f"audit: import {', '.join(modules)}")
        print(f"Python {version}, {run_audit.events} events, median of {options.runs}; {harness.machine()}")
        show_times(sides)
        print()
        show_memory(version, modules, min(3, options.runs))


if __name__ == "__main__":
    main()
