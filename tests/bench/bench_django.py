#!/usr/bin/env python3
"""The Django project of conf/django, before and after its move from supervisord and gunicorn.

Each side runs the project's own configuration, supervisord.conf or forkserver.conf.  Memory is the sum of the PSS
of all processes, the supervisor's own included: when all answer, and after the same requests (three pages, one order
that is written to the database and shipped by Celery) have been served.  Then the code is loaded anew while clients
go on asking, each with a connection of its own for each request: by SIGHUP to gunicorn's master, and by
`forkserverctl reload`.  A request has failed if it was not answered in full with a status of 2xx.
"""
import http.client
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import harness
from harness import median, progress, table

EXAMPLE = harness.HERE.parent.parent / "conf/django"
MIB = 1 << 20


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


class Client:
    """Asks in a closed loop, and counts."""

    def __init__(self, port):
        self.port, self.lock, self.stop = port, threading.Lock(), threading.Event()
        self.done, self.failed, self.longest = 0, [], 0.0

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            text = response.read()
            if response.status // 100 != 2:
                raise ValueError(f"{method} {path}: status {response.status}")
            return text
        finally:
            connection.close()

    def order(self):
        return json.loads(self.request("POST", "/orders", json.dumps({"item": "tea"})))

    def step(self, number):
        begun = time.perf_counter()
        try:
            self.order() if number % 4 == 0 else self.request("GET", "/")
        except (OSError, http.client.HTTPException, ValueError) as error:
            with self.lock:
                self.failed.append(repr(error))
        with self.lock:
            self.done += 1
            self.longest = max(self.longest, time.perf_counter() - begun)

    def run(self, threads, requests=None):
        """So many requests, or until stop is set; returns the threads in that case."""
        def work(first):
            number = first
            while not self.stop.is_set() and (requests is None or number < requests):
                self.step(number)
                number += threads
        started = [threading.Thread(target=work, args=(first,)) for first in range(threads)]
        for thread in started:
            thread.start()
        if requests is None:
            return started
        for thread in started:
            thread.join()
        return []


class Site:
    """The example, copied, with a port of its own, under one of the supervisors."""

    def __init__(self, side, config, place):
        self.side, self.directory, self.port = side, place / side.replace(" ", "-"), free_port()
        shutil.copytree(EXAMPLE, self.directory, ignore=shutil.ignore_patterns("var", "__pycache__"))
        text = (self.directory / config).read_text().replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        if "--preload" in side:
            text = text.replace("gunicorn shop.wsgi", "gunicorn shop.wsgi --preload")
        self.config = self.directory / config
        self.config.write_text(text)
        (place / "bin").mkdir(exist_ok=True)
        if not (place / "bin/python3").exists():
            (place / "bin/python3").symlink_to(harness.PYTHON)
        self.env = harness.environment(PATH=f"{place}/bin:{os.environ['PATH']}")
        subprocess.run(["python3", "manage.py", "migrate", "--verbosity", "0"], cwd=self.directory, env=self.env, check=True)
        self.client = Client(self.port)

    def start(self, command):
        with open(self.directory / "output", "wb") as output:
            self.process = subprocess.Popen([*command, "-n", "-c", str(self.config)], cwd=self.directory, env=self.env,
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True)
        harness.wait_until(self.answers, 180, 0.05)
        self.wait_shipped(self.client.order()["id"])

    def answers(self):
        if self.process.poll() is not None:
            raise SystemExit(f"{self.side} has ended:\n" + (self.directory / "output").read_text()[-3000:])
        try:
            return self.client.request("GET", "/")
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def wait_shipped(self, pk):
        harness.wait_until(lambda: json.loads(self.client.request("GET", f"/orders/{pk}"))["shipped_by"], 180, 0.05)

    def pss(self):
        """{pid: bytes}"""
        return {pid: harness.proc_numbers(f"/proc/{pid}/smaps_rollup", {"Pss"}).get("Pss", 0)
                for pid in [self.process.pid, *harness.descendants(self.process.pid)]}

    def settled(self):
        """The sum, when it has stopped growing: some import at leisure what they need."""
        seen = []

        def steady():
            seen.append(sum(self.pss().values()))
            return len(seen) > 3 and max(seen[-4:]) - min(seen[-4:]) < MIB
        harness.wait_until(steady, 120, 1)
        return seen[-1]

    def reload(self):
        """Returns when the new code serves and the old one has gone."""
        if self.side.startswith("forkserver"):
            subprocess.run([str(harness.builddir() / "forkserverctl"), "-c", str(self.config), "reload", "shop"],
                           env=self.env, check=True, stdout=subprocess.DEVNULL)
            return
        master = self.gunicorn()
        old = set(harness.children(master))
        os.kill(master, signal.SIGHUP)
        harness.wait_until(lambda: not old & set(harness.children(master)), 120, 0.01)

    def gunicorn(self):
        for pid in harness.children(self.process.pid):
            if b"gunicorn" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        raise SystemExit("no gunicorn below supervisord")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            for pid in [*harness.descendants(self.process.pid), self.process.pid]:
                os.kill(pid, signal.SIGKILL)
            self.process.wait()


def measure(site, command, options, results):
    def add(what, value):
        results.setdefault(what, {}).setdefault(site.side, []).append(value)
    begun = time.perf_counter()
    site.start(command)
    add("start", time.perf_counter() - begun)
    try:
        progress(f"{site.side}: memory")
        add("processes", len(site.pss()))
        add("idle", site.settled())
        progress(f"{site.side}: {options.requests} requests")
        client = Client(site.port)
        client.run(8, options.requests)
        add("failed before", len(client.failed))
        site.wait_shipped(client.order()["id"])
        add("loaded", site.settled())
        for _ in range(options.reloads):
            progress(f"{site.side}: reload")
            client = Client(site.port)
            threads = client.run(4)
            harness.wait_until(lambda: client.done > 20, 300)
            begun = time.perf_counter()
            site.reload()
            add("reload", time.perf_counter() - begun)
            at = client.done
            harness.wait_until(lambda: client.done > at + 20, 300)
            client.stop.set()
            for thread in threads:
                thread.join()
            add("requests", client.done)
            add("failed", len(client.failed))
            add("longest", client.longest)
            for text in sorted(set(client.failed))[:3]:
                print(f"  {site.side}: {text}", file=sys.stderr)
    finally:
        site.stop()


def supervisord():
    """Its command: installed, or a package that this Python finds; or None."""
    spec = importlib.util.find_spec("supervisor")
    if shutil.which("supervisord") or not spec:
        return shutil.which("supervisord") and [shutil.which("supervisord")]
    place = pathlib.Path(spec.submodule_search_locations[0]).parent
    return [sys.executable, "-c", f"import sys; sys.path.append({str(place)!r})\n"
            "from supervisor.supervisord import main; main()"]


def sides():
    """{side: (command, configuration)} of what is here."""
    found, command = {}, supervisord()
    if command:
        found = {side: (command, "supervisord.conf") for side in ("supervisord", "supervisord, --preload")}
    else:
        print("  supervisord is not installed: forkserver alone", file=sys.stderr)
    return {**found, "forkserver": ([str(harness.builddir() / "forkserver")], "forkserver.conf")}


def show(results, names):
    def row(name, what, form, pick=median):
        return [name, *(form(pick(results[what][side])) if results.get(what, {}).get(side) else "-" for side in names)]

    def mib(value):
        return f"{value / MIB:.0f} MiB"

    def seconds(value):
        return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.0f} ms"
    table(["", *names], [
        row("processes", "processes", str),
        row("sum of PSS when all answer", "idle", mib),
        row("after the requests", "loaded", mib),
        row("start until an order is shipped", "start", seconds),
        row("reload", "reload", seconds),
        row("requests during reloads", "requests", str, sum),
        row("failed", "failed", str, sum),
        row("longest answer", "longest", seconds, max)])


def main():
    parser = harness.arguments(__doc__, 1)
    parser.add_argument("--requests", type=int, default=2000, help="before memory is measured again (default 2000)")
    parser.add_argument("--reloads", type=int, default=3, help="in each run (default 3)")
    parser.add_argument("--only", help="one side alone")
    options = parser.parse_args()
    print(f"\nthe Django project, medians of {options.runs} runs; {harness.machine()}")
    found, results = sides(), {}
    found = {side: how for side, how in found.items() if options.only in (None, side)}
    place = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        for run in range(options.runs):
            for side, (command, config) in found.items():
                (place / str(run)).mkdir(exist_ok=True)
                measure(Site(side, config, place / str(run)), command, options, results)
    finally:
        progress("")
        shutil.rmtree(place, ignore_errors=True)
    show(results, list(found))


if __name__ == "__main__":
    main()
