"""What the fault experiments look at and do."""
import os
import resource
import subprocess
import time

import pytest

from conftest import children, proc_status

STRANGER = "games"  # a user of every system, without processes


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def ms(seconds):
    return f"{seconds * 1e3:.1f} ms"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def part(supervisor, role):
    """The pid of a process of the supervisor's own, such as "logger"; None while there is none."""
    for pid in children(supervisor.pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                program = file.read().split(b"\0")[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if os.path.basename(program) == b"forkserver-" + role.encode():
            return pid
    return None


def peak_memory(pid):
    return int((proc_status(pid, "VmHWM") or "0 kB").split()[0]) * 1024


def is_busy(pids, seconds=1.0):
    """The part of a CPU that these use over a while: what a loop that spins would show."""
    before = {pid: cpu_seconds(pid) for pid in pids}
    time.sleep(seconds)  # the time that is measured
    return sum(cpu_seconds(pid) - before[pid] for pid in pids) / seconds


def need_root():
    if os.geteuid() != 0:
        pytest.skip("needs root")


class Limit:
    """A soft resource limit of another process for as long as the block lasts.  Changed by a process of the same user: root
    may lack the capability."""

    def __init__(self, pid, what, soft, user=None):
        self.pid, self.what, self.soft = pid, what, soft
        self.keys = {} if user is None else {"user": user, "group": user, "extra_groups": []}

    def __enter__(self):
        self.old = self.prlimit("=", "--raw", "--noheadings", "--output=SOFT,HARD").split()
        self.prlimit(f"={self.soft}:{self.old[1]}")

    def __exit__(self, *_):
        self.prlimit("=" + ":".join(self.old))

    def prlimit(self, value, *options):
        option = f"--{NAMES[self.what]}" + ("" if value == "=" else value)
        return subprocess.run(["/usr/bin/prlimit", f"--pid={self.pid}", *options, option], check=True, text=True,
                              stdout=subprocess.PIPE, **self.keys).stdout


NAMES = {resource.RLIMIT_NPROC: "nproc", resource.RLIMIT_NOFILE: "nofile"}


def open_to_all(path):
    """Lets another user into a directory below pytest's; needs root."""
    need_root()
    path.chmod(0o777)
    for parent in path.parents:
        if parent.name.startswith("pytest-"):
            parent.chmod(0o755)


class Mounted:
    """A small tmpfs, or a skipped test."""

    def __init__(self, place, size):
        self.place, self.size = place, size

    def __enter__(self):
        need_root()
        self.place.mkdir(exist_ok=True)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size},mode=0755", "tmpfs", str(self.place)],
                              stderr=subprocess.PIPE)
        if made.returncode:
            pytest.skip("cannot mount: " + made.stderr.decode(errors="replace").strip())
        return self

    def read_only(self):
        """For those who go by the path; what is open is written on."""
        for words in (["--bind", self.place, self.place], ["-o", "remount,bind,ro", self.place]):
            subprocess.run(["mount", *map(str, words)], check=True)

    def writable(self):
        subprocess.run(["umount", "-l", str(self.place)], check=True)

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.place)], check=True)
