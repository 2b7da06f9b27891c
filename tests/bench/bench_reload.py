#!/usr/bin/env python3
"""New code, renewed and killed workers under load: what fails, and how long a request waits.

Each system serves the same application with the same number of workers and threads, one system after the other, and
is asked by a client that checks every answer and asks nothing twice (load.c): in a closed loop, where each connection
asks again as soon as it is answered, which takes all of the CPU there is, and in an open one, where so many requests a
second are due, and a wait counts from when a request was due.  Both on connections that stay open, and on one for each
request.  wrk is asked for a second opinion, if it is there.

A reload is over when no old worker is left and the new version answers.  A recycle renews one worker, whose requests
are to be finished.  A broken deploy is a version whose import fails, that leaves a socket open, whose workers end at
once, never serve, or end after a moment.  A worker is killed with SIGKILL, the next one when its replacement answers;
a request may fail then if it was sent before the worker was dead, and not on a connection to another one.

Not a test: the figures are for people, the target beside them is what this project has set itself.
"""
import contextlib
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

import harness
import reload_systems
from harness import median, progress, quantile, table
from reload_load import Load, Wrk, compiled
from reload_systems import Failed

FAULTS = {"import-error": "import error", "leaked-fd": "leaked fd", "crashes": "crash after start",
          "never-ready": "never ready", "exits": "exits at once"}
# (name, connections, is it an open loop, do connections stay)
LOADS = [("closed loop, kept connections", 8, False, True), ("closed loop, new connections", 8, False, False),
         ("open loop, kept connections", 32, True, True), ("open loop, new connections", 32, True, False)]
QUIET = 0.3  # seconds between two events, so that each has its own part of the figures
PEERS_FAULT_SECONDS = 8  # how long a broken deploy is watched where nothing says that it is over


class Event:
    """Something that was done while requests came."""

    def __init__(self, what, load, pid=0):
        self.what, self.load, self.pid = what, load, pid
        self.begin, self.end, self.dead = time.monotonic(), 0, 0
        self.outcome = ""

    def over(self):
        """Called again, it does nothing."""
        self.end = self.end or time.monotonic()

    def measure(self, load):
        """Reads the client's records."""
        found = load.between(self.begin, self.end)
        self.requests = len(found)
        failed = [each for each in found if each.how != "ok"]
        self.in_flight = sum(self.may_fail(each) for each in failed)
        self.failed = len(failed) - self.in_flight
        self.how = sorted({each.how for each in failed if not self.may_fail(each)})
        self.longest = max((each.wait for each in found), default=0)

    def may_fail(self, request):
        return bool(self.dead) and self.begin <= request.over and request.sent <= self.dead and \
            request.previous in (0, self.pid)


class Run:
    """One system."""

    def __init__(self, system, options, client):
        self.system, self.options, self.client = system, options, client
        self.events, self.wrk = [], []
        self.is_ours = isinstance(system, reload_systems.Forkserver)
        self.down = 0

    @contextlib.contextmanager
    def load(self, name, connections, is_open, keep):
        load = Load(name, self.client, self.system.port, connections, self.options.rate if is_open else 0, keep)
        before = len(self.events)
        try:
            time.sleep(QUIET)
            yield load
            time.sleep(QUIET)
        finally:
            load.stop()
        for event in self.events[before:]:
            event.measure(load)

    def everything(self):
        share = [count // len(LOADS) + (number < count % len(LOADS)) for count in (self.options.runs,)
                 for number in range(len(LOADS))]
        for spec, count in zip(LOADS, share):
            with self.load(*spec):
                self.event("nothing", spec, self.nothing)
                for _ in range(count):
                    self.event("reload", spec, self.reload)
        with self.recycling():
            for spec, count in zip(LOADS, share):
                with self.load(*spec):
                    for _ in range(count):
                        self.event("recycle", spec, self.recycle)
        kills = self.options.kills if self.is_ours else self.options.peer_kills
        for spec in (LOADS[0], LOADS[3]):
            with self.load(*spec):
                for _ in range(kills // 2):
                    self.event("kill", spec, self.kill)
        if shutil.which("wrk"):
            self.with_wrk()
        for fault in FAULTS:
            if self.is_ours or fault != "leaked-fd":  # nobody else would know
                with self.load(*LOADS[1]):
                    self.event(fault, LOADS[1], self.broken)

    def event(self, what, spec, function):
        progress(f"{self.system.name}, {spec[0]}: {what} {sum(each.what == what for each in self.events) + 1}")
        event = Event(what, spec)
        try:
            function(event)
        except Failed as failure:
            event.outcome = "down"
            self.restart(failure)
        event.over()
        self.events.append(event)
        time.sleep(QUIET)

    def restart(self, failure):
        """By hand, as somebody would have to."""
        self.down += 1
        if self.options.verbose:
            print(f"  {failure}", file=sys.stderr)
        self.system.stop()
        self.system.deploy.write()
        self.system.start()

    # -- what is done

    def nothing(self, _event):
        """What the machine does to a request by itself."""
        time.sleep(self.options.nothing)

    def reload(self, event):
        old = self.system.workers()
        version = self.system.deploy.write()
        self.system.reload()
        self.system.wait_replaced(old, version)
        event.over()
        self.settled()

    def settled(self):
        """A next reload would wait until the new workers have been watched."""
        if self.is_ours:
            self.system.reloads += 1
            self.system.wait(lambda: len(self.system.outcomes()) >= self.system.reloads, "to end its reload")

    @contextlib.contextmanager
    def recycling(self):
        """Meanwhile `system` is one whose workers can be recycled."""
        system = self.system
        self.system = system.recycling()
        try:
            yield
        finally:
            if self.system is not system:
                self.system.stop()
            self.system = system

    def recycle(self, event):
        known = self.system.workers()
        event.pid = self.system.renew(known)
        self.replaced(event, known)

    def kill(self, event):
        known = self.system.workers()
        event.pid = random.choice(known)
        reload_systems.kill(event.pid)
        event.dead = time.monotonic()
        self.replaced(event, known)

    def replaced(self, event, known):
        """Until one answers that was not known before."""
        def is_done():
            answer = self.system.ask()
            return answer and answer[1] not in known and not reload_systems.is_alive(event.pid) and \
                len(self.system.workers()) == self.system.workers_count

        self.system.wait(is_done, "to replace a worker")

    def broken(self, event):
        serving = self.system.ask()[0]
        self.system.deploy.write(event.what)
        self.system.reload()
        if self.is_ours:
            self.settled()
            event.outcome = self.system.outcomes()[-1]
            self.system.deploy.write()
            self.system.wait_serving()
            if self.system.ask()[0] != serving:
                event.outcome += ", but serves another version"
            return
        end = time.monotonic() + PEERS_FAULT_SECONDS
        while time.monotonic() < end and self.system.is_up():
            self.system.settle()
            time.sleep(0.05)
        workers = self.system.workers()
        if not workers or not self.system.is_up():
            raise Failed(f"{self.system.name}: {event.what}: no worker is left")
        version = self.system.deploy.write()
        self.system.reload()
        self.system.wait_replaced(workers, version)

    def with_wrk(self):
        wrk = Wrk(self.system.port, 8)
        try:
            for what, function in (("wrk reload", self.reload), ("wrk recycle", self.recycle)):
                self.event(what, ("wrk",), function)
        finally:
            wrk.stop()
        self.wrk.append(wrk)
        self.events = [each for each in self.events if not each.what.startswith("wrk")]

    # -- what it has come to

    def of(self, *whats, part=""):
        return [each for each in self.events if each.what in whats and part in each.load[0]]


# ---------------------------------------------------------------- the table

def ms(value):
    return f"{value * 1e3:.0f} ms" if value < 10 else f"{value:.1f} s"


def failed(events):
    if not events:
        return "-"
    return f"{sum(each.failed for each in events)} of {sum(each.requests for each in events)}"


def longest(events):
    return ms(max(each.longest for each in events)) if events else "-"


def seconds(events):
    return f"{median([each.end - each.begin for each in events]):.2f} s" if events else "-"


def show(runs):
    rows = []

    def row(name, function, target="-"):
        rows.append([name, *(function(run) for run in runs), target])

    row("nothing happens: longest wait, open loop", lambda run: longest(run.of("nothing", part="open")))
    row("  longest wait, closed loop", lambda run: longest(run.of("nothing", part="closed")))
    for what, plural in (("reload", "reloads"), ("recycle", "recycles")):
        row(f"{plural}", lambda run: len(run.of(what)))  # noqa: B023
        row("  failed", lambda run: failed(run.of(what)), "0")  # noqa: B023
        for load in LOADS:
            row(f"    {load[0]}", lambda run: failed(run.of(what, part=load[0])), "0")  # noqa: B023
        row("  longest wait, open loop", lambda run: longest(run.of(what, part="open")),  # noqa: B023
            "<= 50 ms" if what == "reload" else "-")
        row("  longest wait, closed loop", lambda run: longest(run.of(what, part="closed")))  # noqa: B023
        row("  until it is over", lambda run: seconds(run.of(what)))  # noqa: B023
    row("workers killed", lambda run: len(run.of("kill")))
    row("  failed, in flight on it", lambda run: sum(each.in_flight for each in run.of("kill")), "counted")
    row("  failed, others", lambda run: failed(run.of("kill")), "0")
    row("  longest wait, open loop", lambda run: longest(run.of("kill", part="open")))
    row("  until another one answers", lambda run: seconds(run.of("kill")))
    for fault, name in FAULTS.items():
        row(f"broken deploy: {name}", lambda run: outcome(run.of(fault)))  # noqa: B023
        row("  failed", lambda run: failed(run.of(fault)), "0")  # noqa: B023
    row("wrk, a reload and a recycle: errors",
        lambda run: ", ".join(f"{each.errors} of {each.requests}" for each in run.wrk) or "-", "0")
    row("had to be started again by hand", lambda run: run.down, "0")
    table(["", *(run.system.name for run in runs), "target"], rows)


def outcome(events):
    return ", ".join(sorted({each.outcome or "serves" for each in events})) or "-"


def show_reloads(runs):
    rows = [[run.system.name, *(f"{quantile([each.longest for each in found], part) * 1e3:.0f} ms"
                                for part in (0, 0.5, 0.9, 1))]
            for run in runs for found in [run.of("reload", part="open")] if found]
    if rows:
        print()
        table(["longest wait in each reload, open loop", "least", "median", "90 %", "most"], rows)


def details(runs):
    for run in runs:
        for event in run.events:
            if event.failed:
                print(f"  {run.system.name}, {event.load[0]}: {event.what}: {event.failed} of {event.requests} failed "
                      f"({', '.join(event.how)})", file=sys.stderr)


def parse():
    parser = harness.arguments(__doc__, 20)
    parser.add_argument("--workers", type=int, default=4, help="of each system (default 4)")
    parser.add_argument("--rate", type=int, default=200, help="requests a second of the open loop (default 200)")
    parser.add_argument("--kills", type=int, default=200, help="of forkserver's workers (default 200)")
    parser.add_argument("--peer-kills", type=int, default=20, help="of each other system's (default 20)")
    parser.add_argument("--nothing", type=float, default=3, metavar="SECONDS",
                        help="how long nothing happens, for comparison (default 3)")
    parser.add_argument("--only", action="append", metavar="NAME", help="systems with NAME in their names")
    parser.add_argument("--quick", action="store_true", help="4 reloads, 8 kills, a small application")
    parser.add_argument("--verbose", action="store_true", help="say what has failed, as it happens")
    parser.add_argument("--keep", action="store_true", help="leave logs and configurations where they are")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.kills, options.peer_kills, options.nothing = min(options.runs, 4), 8, 4, 1
    return options


def main():
    options = parse()
    modules = ["flask"] if options.quick else harness.application()
    print(f"\nreload, {options.workers} workers importing {', '.join(modules)}; {harness.machine()}")
    place = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    reload_systems.adopt_orphans()
    runs = []
    try:
        client = compiled(place)
        for number, kind in enumerate(reload_systems.ALL):
            if options.only and not any(name in kind.name for name in options.only):
                continue
            if not kind.program():
                print(f"  no {kind.needs}: left out")
                continue
            system = kind(place / str(number), options.workers, modules)
            run = Run(system, options, client)
            try:
                system.start()
                run.everything()
            finally:
                system.stop()
            runs.append(run)
    finally:
        progress("")
        if options.keep:
            print(f"  logs: {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)
    show(runs)
    show_reloads(runs)
    if options.verbose:
        details(runs)


if __name__ == "__main__":
    main()
