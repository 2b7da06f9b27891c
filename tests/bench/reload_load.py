"""Load for bench_reload.py: load.c in a process of its own, and what its records say."""
import bisect
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import harness

NS = 1e9


def compiled(place):
    """Compiles the client; its path."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise SystemExit("no C compiler: the client of this benchmark is tests/bench/load.c")
    program = pathlib.Path(place) / "load"
    subprocess.run([compiler, "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-o", program, harness.HERE / "load.c"],
                   check=True)
    return program


class Request:
    __slots__ = ("due", "sent", "over", "how", "pid", "version", "previous")

    def __init__(self, line):
        due, sent, over, self.how, pid, version, previous = line.split()
        self.due, self.sent, self.over = int(due) / NS, int(sent) / NS, int(over) / NS
        self.pid, self.version, self.previous = int(pid), int(version), int(previous)

    @property
    def wait(self):
        return self.over - self.due


class Load:
    """One client.  name: for people; rate 0: closed loop."""

    def __init__(self, name, program, port, connections, rate, keep):
        self.name, self.records = name, tempfile.TemporaryFile("w+")
        self.requests = []
        self.process = subprocess.Popen([program, str(port), str(connections), str(rate),
                                         "keep" if keep else "once"], stdout=self.records)

    def stop(self):
        """Afterwards `requests` has all, in the order of their ends."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(120):
            raise SystemExit(f"the client has ended with status {self.process.returncode}")
        self.process = None
        self.records.seek(0)
        self.requests = [Request(line) for line in self.records]
        self.records.close()
        self.ends = [each.over for each in self.requests]

    def between(self, begin, end):
        """Those that were due or in flight in this time."""
        found = []
        for number in range(bisect.bisect_left(self.ends, begin), len(self.requests)):
            if self.requests[number].due <= end:
                found.append(self.requests[number])
            elif self.requests[number].due > end + 60:
                break
        return found


class Wrk:
    """wrk, which counts errors, but looks at no answer."""

    def __init__(self, port, connections):
        self.requests = self.errors = 0
        self.process = subprocess.Popen([shutil.which("wrk"), "-t1", f"-c{connections}", "-d3600s", "--timeout", "20s",
                                         f"http://127.0.0.1:{port}/1"], stdout=subprocess.PIPE, text=True)

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        text = self.process.communicate()[0]
        self.process = None
        for number in re.findall(r"(\d+) requests in", text):
            self.requests = int(number)
        for pattern in (r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)",
                        r"Non-2xx or 3xx responses: (\d+)"):
            if found := re.search(pattern, text):
                self.errors += sum(map(int, found.groups()))
