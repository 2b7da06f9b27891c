#!/usr/bin/env python3
"""What eight workers of one application cost, before and after each has done the same work.

The application (apps/memory_app.py) has 60,000 dicts; with Debian's Python it is one of flask and pandas, with
others a plain WSGI callable of the standard library.  Each process serves with gunicorn's sync worker, or is
uWSGI's.  "before" is when every worker has answered one small request, "after" when each has used every dict
three times and collected garbage.  PSS counts a page that n processes share as one n-th of it in each; the sum
is over all processes of a service, its masters, supervisors and loggers among them.  USS is what the end of a
process alone would give back.

Services run one after the other, in turns; the ratio is the median of those of the runs, each to the best of
the others in the same run.  KSM takes part if it is switched on, or with --ksm, as root, which switches it on
for the time of that service.
"""
import collections
import concurrent.futures
import contextlib
import http.client
import importlib.util
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import harness
from harness import builddir, median, progress, table

APPS = harness.HERE / "apps"
PACKAGE = harness.HERE.parent.parent / "python"
KSM = pathlib.Path("/sys/kernel/mm/ksm")
WORKERS, LOADS = 8, 3
TIMEOUT = 600  # seconds for anything, as eight may work at once on a machine that has other work
PLAIN_MODULES = ["asyncio", "concurrent.futures", "decimal", "email.message", "http.client", "http.server",
                 "logging.config", "sqlite3", "urllib.request", "unittest.mock", "xml.etree.ElementTree",
                 "xmlrpc.client"]
FULL_MODULES = ["flask", "pandas"]


# ---------------------------------------------------------------- the Pythons

class Python:
    """An interpreter that there is a zygote for, with what the application can import in it."""

    def __init__(self, version, path, place):
        self.version, self.path = version, path
        self.number = tuple(map(int, version.split(".")))
        self.extra = []
        if not self.has("gunicorn"):
            self.extra = [borrow_gunicorn(place)]
        full = all(map(self.has, FULL_MODULES))
        self.modules = FULL_MODULES if full else PLAIN_MODULES
        self.env = harness.environment(BENCH_MODULES=" ".join(self.modules), BENCH_LOADS=str(LOADS),
                                       PYTHONPATH=":".join(map(str, [APPS, *self.extra])),
                                       PYTHONPYCACHEPREFIX=str(place / "pycache"))
        del self.env["PYTHONDONTWRITEBYTECODE"]
        if not self.has("gunicorn.workers.sync", self.env):
            raise SystemExit(f"no gunicorn for {path}")
        self.has("memory_app", self.env)  # compiled once, so that no side has to

    def has(self, module, env=None):
        return subprocess.run([self.path, "-c", f"import {module}"], env=env or harness.environment(),
                              stderr=subprocess.DEVNULL).returncode == 0


def borrow_gunicorn(place):
    """gunicorn is all Python: that of Debian's interpreter serves the others too."""
    borrowed = place / "packages"
    borrowed.mkdir(exist_ok=True)
    # Imported by gunicorn, and used only where a worker class is named by an entry point.
    (borrowed / "pkg_resources.py").touch()
    code = "import gunicorn, packaging; print(gunicorn.__path__[0], packaging.__path__[0], sep='\\n')"
    found = subprocess.run([harness.PYTHON, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout
    for directory in map(pathlib.Path, found.split()):
        if not (borrowed / directory.name).exists():
            (borrowed / directory.name).symlink_to(directory)
    return borrowed


def pythons(place):
    for zygote in sorted(builddir().glob("zygote-python3.*"), key=lambda path: int(path.name.split(".")[1])):
        lines = subprocess.run([zygote, "--describe"], stdout=subprocess.PIPE, text=True, check=True).stdout
        prefix = re.search("^prefix=(.*)$", lines, re.M).group(1)
        version = zygote.name.removeprefix("zygote-python")
        yield Python(version, f"{prefix}/bin/python{version}", place)


# ---------------------------------------------------------------- services

def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def forkserver(python, place, port, keys=""):
    (place / "forkserver.conf").write_text(f"""
[supervisord]
nodaemon = true
logfile = {place}/main.log
pidfile = {place}/forkserver.pid
[socket:http]
listen = tcp://127.0.0.1:{port}
[zygote:bench]
python = {python.path}
path = {':'.join(map(str, [APPS, *python.extra]))}
preload = memory_app, forkserver.serve.with_gunicorn, gunicorn.workers.sync
{keys}
[program:web]
zygote = bench
command = forkserver.serve:wsgi memory_app:application --server sync --timeout {TIMEOUT}
sockets = http
numprocs = {WORKERS}
process_name = %(program_name)s_%(process_num)d
""")
    return [builddir() / "forkserver", "-c", place / "forkserver.conf"]


def gunicorn(python, place, port, *options):
    return [python.path, "-m", "gunicorn", *options, "--workers", str(WORKERS), "--timeout", str(TIMEOUT),
            "--worker-tmp-dir", str(place), "--bind", f"127.0.0.1:{port}", "memory_app:application"]


def supervisord(python, place, port):
    command = " ".join(gunicorn(python, place, port))
    (place / "supervisord.conf").write_text(f"""
[supervisord]
nodaemon = true
logfile = {place}/supervisord.log
pidfile = {place}/supervisord.pid
childlogdir = {place}
[program:web]
command = env PYTHONPATH={python.env['PYTHONPATH']} {command}
""")
    return [*find_supervisord(), "-c", place / "supervisord.conf"]


def find_supervisord():
    """As a command, or as a module on the path of this very process."""
    program = shutil.which("supervisord")
    spec = importlib.util.find_spec("supervisor")
    if program or not spec:
        return [program] if program else []
    directory = pathlib.Path(spec.origin).parent.parent
    return ["env", f"PYTHONPATH={directory}", harness.PYTHON, "-m", "supervisor.supervisord"]


def uwsgi(python, place, port):
    return [find_uwsgi(), "--plugin", "python3", "--master", "--processes", str(WORKERS), "--need-app",
            "--http-socket", f"127.0.0.1:{port}", "--pythonpath", str(APPS), "--module", "memory_app:application"]


def find_uwsgi():
    return shutil.which("uwsgi", path="/usr/bin:/usr/local/bin")


def services(python, options):
    """{name: function that makes its command}, ours first."""
    def ours(keys):
        return lambda *args: forkserver(*args, keys)
    found = {"forkserver": ours(""), "forkserver, warmup": ours("warmup = memory_app:warm")}
    if options.ksm or ksm_runs():
        found["forkserver, ksm"] = ours("warmup = memory_app:warm\nksm = yes")
    if python.number >= (3, 12):
        found["forkserver, immortalize"] = ours("warmup = memory_app:warm\nimmortalize = yes")
    found["gunicorn --preload"] = lambda *args: gunicorn(*args, "--preload")
    if python.path == os.path.realpath(harness.PYTHON) and find_uwsgi():
        found["uwsgi"] = uwsgi  # its plugin has this Python in it
    if find_supervisord():
        found["supervisord + gunicorn"] = supervisord
    return {name: make for name, make in found.items() if re.search(options.only, name)}


class Service:
    def __init__(self, name, make, python, place):
        self.name, self.port = name, free_port()
        self.log = place / "output"
        command = make(python, place, self.port)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd=place, env=python.env, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def get(self, path):
        """(pid, loads that it has done), or None: it does not listen yet, or has just begun to."""
        if self.process.poll() is not None:
            raise SystemExit(f"{self.name} has ended:\n{self.log.read_text(errors='replace')[-3000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request("GET", path)
            return tuple(map(int, connection.getresponse().read().split()))
        except (ConnectionError, http.client.RemoteDisconnected):
            time.sleep(0.05)
            return None
        finally:
            connection.close()

    def until_all(self, path, loads):
        """Asks until each worker has done that many."""
        seen = collections.Counter()

        def ask():
            while sum(count >= loads for count in seen.values()) < WORKERS:
                answer = self.get(path)
                if answer:
                    seen[answer[0]] = answer[1]
        with concurrent.futures.ThreadPoolExecutor(2 * WORKERS) as clients:
            for asked in [clients.submit(ask) for _ in range(2 * WORKERS)]:
                asked.result()
        if len(seen) != WORKERS:
            raise SystemExit(f"{self.name}: {len(seen)} workers have answered, not {WORKERS}")

    def processes(self):
        return [self.process.pid, *harness.descendants(self.process.pid)]

    def memory(self):
        """(sum of PSS, sum of USS) in bytes."""
        pss = uss = 0
        for pid in self.processes():
            sizes = harness.proc_numbers(f"/proc/{pid}/smaps_rollup", {"Pss", "Private_Clean", "Private_Dirty"})
            pss += sizes.get("Pss", 0)
            uss += sizes.get("Private_Clean", 0) + sizes.get("Private_Dirty", 0)
        return pss, uss

    def stop(self):
        self.process.send_signal(signal.SIGINT if self.name.startswith("uwsgi") else signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            for pid in reversed(self.processes()):
                os.kill(pid, signal.SIGKILL)
            self.process.wait()


# ---------------------------------------------------------------- KSM

def ksm_runs():
    try:
        return (KSM / "run").read_text().strip() == "1"
    except OSError:
        return False


@contextlib.contextmanager
def ksm_switched_on():
    """And faster than it normally is, which changes how soon it is done but not what it finds."""
    wanted = {"run": "1", "pages_to_scan": "20000", "sleep_millisecs": "20"}
    before = {name: (KSM / name).read_text() for name in wanted}
    for name, value in wanted.items():
        (KSM / name).write_text(value)
    try:
        yield
    finally:
        for name, value in before.items():
            (KSM / name).write_text(value)


def await_ksm():
    """A page is merged when two scans in a row have found it unchanged."""
    def scans():
        return int((KSM / "full_scans").read_text())
    begun = scans()
    harness.wait_until(lambda: scans() >= begun + 4, 300, pause=0.1)


# ---------------------------------------------------------------- measuring

def measure(name, make, python, place, results):
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    ksm = name.endswith("ksm")
    with ksm_switched_on() if ksm and not ksm_runs() else contextlib.nullcontext():
        service = Service(name, make, python, place)
        try:
            service.until_all("/hello", 0)
            if ksm:
                await_ksm()
            before = service.memory()
            service.until_all("/load", LOADS)
            if ksm:
                await_ksm()
            after = service.memory()
        finally:
            service.stop()
    results.setdefault(name, []).append((*before, *after))
    progress(f"{name}: {after[0] >> 20} MiB")


def is_ours(name):
    return name.startswith("forkserver")


def ratios(results, name):
    """After the load, to the best of the others in the same run."""
    others = [values for other, values in results.items() if not is_ours(other)]
    return [run[2] / min(values[number][2] for values in others)
            for number, run in enumerate(results[name])] if others else []


def show(python, results):
    def mib(values):
        return f"{median(values) / (1 << 20):.1f} MiB"
    rows = []
    for name, runs in results.items():
        ratio = f"{median(ratios(results, name)):.2f}" if ratios(results, name) else "-"
        target = "-"
        if is_ours(name):
            target = "<= 0.60" if "immortalize" in name else "<= 1.00"
        rows.append([name, *(mib([run[column] for run in runs]) for column in range(4)), ratio, target])
    table([f"Python {python.version}, {WORKERS} workers", "PSS before", "USS before", "PSS after", "USS after",
           "PSS / best", "target"], rows)


def main():
    parser = harness.arguments(__doc__, 3)
    parser.add_argument("--ksm", action="store_true", help="switch KSM on for the service that uses it (root)")
    parser.add_argument("--python", help="such as 3.11; default: every one that there is a zygote for")
    parser.add_argument("--only", default="", metavar="REGEX", help="the services whose names have it")
    options = parser.parse_args()
    print(f"\nmemory, medians of {options.runs} runs; {harness.machine()}")
    place = pathlib.Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        for python in pythons(place):
            if options.python not in (None, python.version):
                continue
            results = {}
            for number in range(options.runs):
                for name, make in services(python, options).items():
                    progress(f"Python {python.version}, run {number + 1}/{options.runs}: {name}")
                    measure(name, make, python, place / "service", results)
            progress("")
            print(f"\n  the application has 60,000 dicts and {', '.join(python.modules)}")
            show(python, results)
    finally:
        progress("")
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
