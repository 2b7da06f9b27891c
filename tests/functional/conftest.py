"""Shared by the functional tests: finds the built product, runs audits, and makes sure that no test
leaves a process behind.

FORKSERVER_BUILDDIR names the build directory (default: the top of the sources, or `build` in it).
Every zygote-python3.X found there is tested.  FORKSERVER_TEST_TIMEOUT scales the deadlines (1.0).
FORKSERVER_TEST_ALL=1 runs every case of the large tables on every Python (see `spread`).
FORKSERVER_WRAPPER is a command that supervisors are run under, such as valgrind.
"""
import ctypes
import functools
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import zlib

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
LEAKS = HERE / "leaks"
CLEAN = HERE / "clean"
SCALE = float(os.environ.get("FORKSERVER_TEST_TIMEOUT", "1"))
DEADLINE = 120 * SCALE  # seconds that any one run may take on a busy machine

PR_SET_CHILD_SUBREAPER = 36


# ---------------------------------------------------------------- the product

def builddir():
    """The directory that holds the built programs, or None."""
    named = os.environ.get("FORKSERVER_BUILDDIR")
    places = [pathlib.Path(named)] if named else [TOP / "build", TOP, pathlib.Path.cwd()]
    for place in places:
        if (place / "forkserver").is_file():
            return place.resolve()
    return None


def zygotes():
    """{"3.11": path of its zygote}, by version."""
    place = builddir()
    if place is None:
        return {}
    found = {}
    for path in sorted(place.rglob("zygote-python3.*")):
        version = re.fullmatch(r"zygote-python(3\.\d+)", path.name)
        if version and os.access(path, os.X_OK) and path.is_file() and ".libs" not in path.parts:
            found.setdefault(version.group(1), path)
    return dict(sorted(found.items(), key=lambda item: int(item[0].split(".")[1])))


@functools.lru_cache(maxsize=None)
def describe(version):
    """What a zygote says of the Python in it: {"version": "3.11.2", "prefix": "/usr", …}."""
    text = subprocess.run([zygotes()[version], "--describe"], check=True, timeout=DEADLINE,
                          stdout=subprocess.PIPE, text=True).stdout
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


@functools.lru_cache(maxsize=None)
def interpreter(version):
    """The plain interpreter of the same installation."""
    prefix = pathlib.Path(describe(version)["prefix"])
    path = prefix / "bin" / ("python" + version)
    if not path.exists():
        pytest.skip(f"no interpreter {path}")
    return str(path)


def version_tuple(version):
    return tuple(int(part) for part in version.split("."))


VERSIONS = list(zygotes())
EVERYWHERE = bool(os.environ.get("FORKSERVER_TEST_ALL"))


def pytest_report_header(config):
    return f"forkserver: build {builddir()}, zygotes: {', '.join(VERSIONS) or 'none'}"


def main_python():
    """The version that runs whatever runs on one only: the tests' own, which has the most packages."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return own if own in VERSIONS else VERSIONS[-1]


def plain_pythons():
    """Whose plain interpreters are asked what the tables say: the oldest, the tests' own and the newest; without any
    zygote "plain", which is the one that runs the tests."""
    if EVERYWHERE or not VERSIONS:
        return VERSIONS or ["plain"]
    return [version for version in VERSIONS if version in (VERSIONS[0], main_python(), VERSIONS[-1])]


def deselect_spread(config, items):
    """The cases of a large table differ by what the application does, and only some of them by the Python: each
    runs on one Python always, and on one of the others, so that each of those has its part of every table."""
    if EVERYWHERE or len(VERSIONS) < 3:
        return
    others = [version for version in VERSIONS if version != main_python()]
    left_out = []
    for item in items:
        version = getattr(item, "callspec", None) and item.callspec.params.get("version")
        if version in others and item.get_closest_marker("spread"):
            case = item.nodeid.replace(version, "")
            if version != others[zlib.crc32(case.encode()) % len(others)]:
                left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


def pytest_collection_modifyitems(config, items):
    """Without a build only what is marked `plain` can run; that is said, not hidden."""
    if builddir() is not None and VERSIONS:
        deselect_spread(config, items)
        return
    skip = pytest.mark.skip(reason="no built forkserver found; set FORKSERVER_BUILDDIR")
    for item in items:
        if "plain" not in item.keywords:
            item.add_marker(skip)


def pytest_configure(config):
    config.addinivalue_line("markers", "plain: needs no build of the product")
    config.addinivalue_line("markers", "xdist_group(name): share a costly fixture, so they run in one process")
    config.addinivalue_line("markers", "spread: a case of a large table: on one Python, and one of the others")
    config.addinivalue_line("markers", "slow: takes more than half a minute")
    # So that a run that is told to end still stops what it has started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell starts what is in the background with SIGINT and SIGQUIT ignored, nohup with SIGHUP; all that
    # we start would inherit that, but not a handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.fixture(params=VERSIONS or ["none"])
def version(request):
    return request.param


# ---------------------------------------------------------------- an environment

@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory):
    """Where Python keeps .pyc files, so that the sources stay as they are; one for all processes of a run, as it
    has to be filled first, with the standard library as well."""
    base = tmp_path_factory.getbasetemp()
    cache = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "pycache"
    cache.mkdir(exist_ok=True)
    return cache


@pytest.fixture
def environment(cache_dir, tmp_path):
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("PYTHON", "LISTEN_", "DJANGO_", "FORKSERVER_"))
           and name not in ("NOTIFY_SOCKET", "VIRTUAL_ENV")}
    env["PYTHONPYCACHEPREFIX"] = str(cache_dir)
    env["TMPDIR"] = str(tmp_path)
    return env


# ---------------------------------------------------------------- running an audit

class Audit:
    """One finished `forkserver --audit-only`."""

    def __init__(self, argv, status, stdout, stderr, report):
        self.argv, self.status, self.stdout, self.stderr = argv, status, stdout, stderr
        self.report = report

    @property
    def verdict(self):
        return self.report and self.report.get("verdict")

    @property
    def violations(self):
        return self.report["violations"] if self.report else []

    def __str__(self):
        shown = json.dumps(self.report, indent=1) if self.report else "(no report)"
        return (f"$ {' '.join(map(os.fsdecode, self.argv))}\nstatus {self.status}\n"
                f"--- report\n{shown[:20000]}\n--- stderr\n{self.stderr[-8000:]}\n"
                f"--- stdout\n{self.stdout[-2000:]}")


class Auditor:
    """Runs audits of one Python version in one directory."""

    def __init__(self, version, directory, env):
        self.version, self.directory, self.env = version, directory, env

    def run(self, *modules, path=(), allow=(), warmup=None, mode="filter", format="json",
            options=(), env=None, deadline=DEADLINE, preload_timeout=None):
        """Audits MODULES and returns an Audit.  The report goes to a file, so that whatever the
        application prints cannot mix with it."""
        output = self.directory / f"report-{os.urandom(4).hex()}"
        argv = [str(builddir() / "forkserver"), "--audit-only", "--format", format,
                "--output", str(output), *options]
        if mode != "filter":
            argv += ["--mode", mode]
        if preload_timeout is not None:
            argv += ["--timeout", str(preload_timeout)]
        argv += ["--python", interpreter(self.version)]
        for item in [path] if isinstance(path, (str, bytes, os.PathLike)) else path:
            argv += ["--path", item]
        for rule in allow:
            argv += ["--allow", rule]
        if warmup:
            argv += ["--warmup", warmup]
        argv += modules
        return self.finish(argv, output, format, env, deadline)

    def finish(self, argv, output, format, env, deadline):
        process = subprocess.Popen(argv, cwd=self.directory, env={**self.env, **(env or {})},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = process.communicate(timeout=deadline)
        except subprocess.TimeoutExpired:
            state = process_tree(process.pid)
            kill_descendants()
            process.communicate()
            pytest.fail(f"no verdict within {deadline} s: {argv}\n{state}", pytrace=False)
        text = output.read_text("utf-8", "surrogateescape") if output.exists() else ""
        report = None
        if format == "json" and text:
            report = json.loads(text)
        audit = Audit(argv, process.returncode, out.decode(errors="replace"),
                      err.decode(errors="replace"), report)
        audit.text = text
        return audit


@pytest.fixture
def auditor(version, tmp_path, environment):
    return Auditor(version, tmp_path, environment)


# ---------------------------------------------------------------- processes

def children(pid="self"):
    """Process ids of the direct children of all threads of a process."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def descendants(pid="self"):
    found, todo = [], children(pid)
    while todo:
        child = todo.pop()
        found.append(child)
        todo += children(child)
    return found


def proc_status(pid, field):
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return line.split(":", 1)[1].strip()
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def process_tree(pid):
    lines = []
    for each in [pid, *descendants(pid)]:
        try:
            with open(f"/proc/{each}/cmdline", "rb") as file:
                command = file.read().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        lines.append(f"{each}: {proc_status(each, 'State')}: {command}")
    return "\n".join(lines)


def kill_descendants():
    for pid in descendants():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def reap():
    """Collects zombies that were re-parented to us; returns the children still alive."""
    for pid in children():
        if (proc_status(pid, "State") or "Z").startswith("Z"):
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
    return children()


def wait_until(condition, deadline=DEADLINE, what="the condition"):
    """Polls a condition about other processes, for which there is no event to wait for."""
    end = time.monotonic() + deadline
    pause = 0.005
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come true within {deadline} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


@pytest.fixture(scope="session", autouse=True)
def subreaper():
    """Orphans of everything that a test starts come to us, so that none can hide."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@pytest.fixture(autouse=True)
def nothing_left(subreaper):
    """Fails the test that leaves a process behind.  What was sent SIGKILL (or lost its tracer) a
    moment ago is given time to be gone."""
    before = set(children())
    yield
    end = time.monotonic() + 10 * SCALE
    while True:
        left = [pid for pid in reap() if pid not in before]
        if not left or time.monotonic() > end:
            break
        time.sleep(0.01)
    if left:
        shown = "\n".join(process_tree(pid) for pid in left)
        kill_descendants()
        wait_until(lambda: set(reap()) <= before, 10, "killing what was left")
        pytest.fail(f"left behind:\n{shown}", pytrace=False)


def pytest_sessionfinish(session, exitstatus):
    left = reap()
    if left:
        print("\nprocesses left behind at the end:\n" +
              "\n".join(process_tree(pid) for pid in left), file=sys.stderr)
        kill_descendants()
        session.exitstatus = exitstatus or 1


# ---------------------------------------------------------------- a supervisor under test

class Supervisor:
    """`forkserver -c FILE` in the foreground."""

    def __init__(self, config, directory, env, stdout=None):
        self.log = directory / "supervisor.log"
        with open(self.log, "wb") as log:
            wrapper = shlex.split(os.environ.get("FORKSERVER_WRAPPER", ""))
            program = [*wrapper, str(builddir() / "forkserver"), "-c", str(config)]
            self.process = subprocess.Popen(program,
                                            cwd=directory, env=env, stdin=subprocess.DEVNULL,
                                            stdout=log if stdout is None else stdout, stderr=log,
                                            start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, condition, what, deadline=DEADLINE):
        """Waits for a condition; a supervisor that has ended is a failure at once."""
        end = time.monotonic() + deadline
        pause = 0.005
        while True:
            value = condition()
            if value:
                return value
            ended = self.process.poll() is not None
            if ended or time.monotonic() > end:
                reason = f"ended with status {self.process.returncode}" if ended else "timeout"
                pytest.fail(f"{what}: {reason}\n{process_tree(self.pid)}\n{self.output()[-8000:]}",
                            pytrace=False)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)

    def wait_file(self, path, deadline=DEADLINE):
        """Waits for a file that appears whole (written elsewhere and renamed)."""
        path = pathlib.Path(path)
        self.wait_for(path.exists, f"no file {path.name}", deadline)
        return path.read_text()

    def stop(self, deadline=DEADLINE):
        """SIGTERM, and the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            shown = process_tree(self.pid)
            self.kill()
            pytest.fail(f"did not stop within {deadline} s\n{shown}\n{self.output()[-8000:]}",
                        pytrace=False)

    def kill(self):
        for pid in [self.pid, *descendants(self.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


@pytest.fixture
def supervise(tmp_path, environment):
    """supervise(text) starts a supervisor on that configuration; all are stopped at the end."""
    started = []

    def start(text, env=None, stdout=None):
        config = tmp_path / f"forkserver-{len(started)}.conf"
        config.write_text(text)
        supervisor = Supervisor(config, tmp_path, {**environment, **(env or {})}, stdout)
        started.append(supervisor)
        return supervisor

    yield start
    for supervisor in started:
        if supervisor.process.poll() is None:
            supervisor.kill()


# ---------------------------------------------------------------- building a C extension

def python_config(version):
    """The include directory and the suffix of extension modules."""
    code = ("import sysconfig\n"
            "print(sysconfig.get_paths()['include'])\nprint(sysconfig.get_config_var('EXT_SUFFIX'))")
    return subprocess.run([interpreter(version), "-c", code], check=True, timeout=DEADLINE,
                          stdout=subprocess.PIPE, text=True).stdout.splitlines()


@pytest.fixture(scope="session")
def extension_dir(tmp_path_factory):
    """extension_dir(version) builds leaks/leakext.c for a version and returns its directory."""
    built = {}

    def build(version):
        if version not in built:
            compiler = shutil.which(os.environ.get("CC", "cc").split()[0])
            if compiler is None:
                pytest.skip("no C compiler")
            include, suffix = python_config(version)
            place = tmp_path_factory.mktemp("ext" + version)
            subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-pthread", "-I", include,
                            str(LEAKS / "leakext.c"), "-o", str(place / ("leakext" + suffix))],
                           check=True, timeout=DEADLINE)
            built[version] = place
        return built[version]

    return build
