"""Real libraries, each as an application imports it: the audit says what is there, and then two workers
do real work at the same time.  The applications are apps/app_*.py.

What an application does too early at import, if APP_EAGER is set, must be found on its line."""
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

from conftest import DEADLINE, HERE, VERSIONS, interpreter, proc_status

APPS = HERE / "apps"
sys.path.insert(0, str(APPS))
from resp_server import Server as RespServer  # noqa: E402

UPPER = [f"CLIENT {number}" for number in range(20)]
SQUARES = sum(number * number for number in range(100))


def differ(key):
    """Two workers must not have the same here."""
    return lambda first, second: first.pop(key) != second.pop(key)


class App:
    """One application: the modules that it needs; what each worker's work must give; what an eager
    import leaves, as {(kind or type, end of a frame's file): number}, None for any number from 1 on, a text for what
    is not everywhere; a check of both workers' results
    against each other, which takes out what differs."""

    def __init__(self, needs, result, eager=None, modes=("filter",), compare=None, server=None,
                 sides=("worker", "eager")):
        self.needs, self.result, self.eager, self.modes = needs, result, eager, modes
        self.compare, self.server, self.sides = compare, server, sides


TABLE = {
    "gevent": App(["gevent", "requests"], {
        "answers": [f"GREENLET {number}" for number in range(20)], "together": True,
        "threads": ["green"], "patched": True, "native": 499500,
        "child": ["child\n", 3], "signalled": True},
        eager={("eventpoll", "gevent/hub.py"): 1, ("eventfd", "gevent/hub.py"): 1},
        modes=("filter", "full")),
    "uvloop": App(["uvloop"], {
        "answers": UPPER, "loop": "uvloop", "child": "child\n", "thread": 499500},
        eager={("eventpoll", "app_uvloop.py"): 1, ("eventfd", "app_uvloop.py"): 1,
               ("pipe", "app_uvloop.py"): 4, ("io_uring", "app_uvloop.py"): "newer libuv"}, modes=("filter", "full")),
    "grpc": App(["grpc"], {
        "answers": [f"CALL {number}" for number in range(20)], "streamed": list(range(10))},
        eager={("eventpoll", "app_grpc.py"): None, ("eventfd", "app_grpc.py"): None,
               ("thread", "app_grpc.py"): None},
        modes=("filter", "full")),
    "celery": App(["celery"], {"powers": [2 ** number for number in range(20)], "elsewhere": True},
                  eager={("thread", "app_celery.py"): 1}),
    "matplotlib": App(["matplotlib", "PIL"], {"magic": "PNG", "size": [640, 480], "colours": True},
                      eager={("file", "app_matplotlib.py"): 1}),
    "sqlalchemy": App(["sqlalchemy"], {
        "counts": [[f"shelf {number}", number] for number in range(5)], "first": "shelf 1"},
        eager={("file", "app_sqlalchemy.py"): 1}),
    "asyncio": App([], {"answers": UPPER, "taken": list(range(10)), "child": "child\n", "thread": 499500},
                   eager={("eventpoll", "app_asyncio.py"): 1, ("socket", "app_asyncio.py"): 2}),
    "threaded": App([], {"squares": SQUARES, "pool": True, "doubled": [2 * number for number in range(30)],
                         "rung": True, "local": "import", "main": True},
                    eager={("thread", "app_threaded.py"): 1}),
    "numbers": App(["numpy", "pandas"], {"inverse": True, "sums": {"a": 249500, "b": 250000}, "own": True},
                   eager={("mapping", "app_numbers.py"): 1, ("file", "app_numbers.py"): None},
                   compare=differ("random")),
    "django": App(["django"], {"page": "user0;user1;user2;user3;user4;", "login": True, "wrong": False,
                               "status": 404},
                  eager={("file", "app_django.py"): 1}),
    "crypto": App(["cryptography"], {"answer": "OVER TLS", "tls": "TLSv1.3", "fernet": "secret"},
                  eager={("socket", "app_crypto.py"): 2, ("thread", "app_crypto.py"): 1},
                  compare=lambda first, second: differ("random")(first, second)
                  and differ("key")(first, second)),
    "lxml": App(["lxml"], {"sum": 1225, "sheet": "0,1,2,3,", "page": ["one two", "three"]}),
    "psycopg2": App(["psycopg2"], {
        "text": "'it''s'", "date": "'2024-02-29'::date", "json": "'{\"a\": [1, 2]}'", "refused": True,
        "dsn": {"user": "me", "host": "host", "port": "5433", "dbname": "shop"}}),
    "redis": App(["redis"], {"ping": True, "own": True, "count": 50, "missing": None}, server="redis",
                 eager={("socket", "app_redis.py"): 1}),
    "requests": App(["requests"], {"own": True, "status": 404}, server="http",
                    eager={("socket", "app_requests.py"): 1}),
    "boto3": App(["boto3"], {"own": True, "missing": 404}, server="http",
                 eager={("socket", "app_boto3.py"): 1}),
}


# ---------------------------------------------------------------- which versions have what

@functools.lru_cache(maxsize=None)
def has(version, modules):
    """Whether a version's interpreter finds all of them."""
    code = ("import importlib.util, sys\n"
            "sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))")
    return subprocess.run([interpreter(version), "-I", "-c", code, *modules], timeout=DEADLINE,
                          cwd="/").returncode == 0


def having(name):
    """The versions that an application can run on."""
    return [version for version in VERSIONS if has(version, tuple(TABLE[name].needs))]


def cases(eager=False):
    """(name, version, mode) of everything that can run; a missing package is one skipped case."""
    found = []
    for name, app in TABLE.items():
        if eager and not app.eager:
            continue
        versions = having(name)
        if not versions:
            found.append(pytest.param(name, "none", "filter", marks=pytest.mark.skip(
                reason=f"no Python here has {', '.join(app.needs)}"), id=f"{name}-none"))
        found += [pytest.param(name, version, mode, id=f"{name}-{version}-{mode}")
                  for version in versions for mode in app.modes]
    return found


# ---------------------------------------------------------------- what the applications talk to

class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the path; 404 for .../missing."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        missing = self.path.endswith("missing")
        body = b"" if missing else self.path.encode()
        self.send_response(404 if missing else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def peer():
    """peer(kind) starts a server in a thread of the test and returns its port."""
    started = []

    def start(kind):
        server = RespServer() if kind == "redis" else \
            http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return server.server_address[1]

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


# ---------------------------------------------------------------- auditing and running one

class Run:
    def __init__(self, tmp_path, environment, supervise, peer):
        self.directory, self.environment, self.supervise, self.peer = tmp_path, environment, supervise, peer
        self.results = tmp_path / "results"
        self.results.mkdir()
        self.fonts = tmp_path / "fonts"
        self.variables = {"APP_RESULTS": str(self.results), "APP_WORKERS": "2",
                          "MPLCONFIGDIR": str(tmp_path / "mpl"), "HOME": str(tmp_path)}

    def prepare(self, name):
        app = TABLE[name]
        if app.server:
            self.variables["APP_PORT"] = str(self.peer(app.server))
        if name == "matplotlib":
            self.watch_fc_list()
        return app

    def watch_fc_list(self):
        """An fc-list that tells that it has run, before the real one."""
        real = shutil.which("fc-list")
        if not real:
            pytest.skip("no fc-list")
        place = self.directory / "bin"
        place.mkdir()
        (place / "fc-list").write_text(f"#!/bin/sh\necho $$ >>{self.fonts}\nexec {real} \"$@\"\n")
        (place / "fc-list").chmod(0o755)
        self.variables["PATH"] = f"{place}:{os.environ['PATH']}"

    def audit(self, auditor_of, name, version, mode, **keys):
        return auditor_of(version).run(f"app_{name}", path=APPS, mode=mode,
                                       env={**self.variables, **keys.pop("env", {})}, **keys)

    def start(self, name, version, mode, zygote_keys="", env=None):
        self.supervisor = self.supervise(f"""
[supervisord]
nodaemon = true
logfile = {self.directory}/main.log
pidfile = {self.directory}/pid

[zygote:app]
python = {interpreter(version)}
path = {APPS}
preload = app_{name}
audit_mode = {mode}
{zygote_keys}

[program:app]
zygote = app
command = app_{name}:run
numprocs = 2
process_name = app_%(process_num)d
startsecs = 0
autorestart = false
stdout_logfile = {self.directory}/app_%(process_num)d.log
redirect_stderr = true
""", env={**self.variables, **(env or {})})

    def finished(self, count=2):
        """What the workers wrote."""
        def ready():
            found = sorted(self.results.glob("done-*.json"))
            return found if len(found) >= count else None
        try:
            found = self.supervisor.wait_for(ready, f"{count} results")
        except pytest.fail.Exception as failure:
            pytest.fail(str(failure) + self.logs(), pytrace=False)
        return [json.loads(path.read_text()) for path in found]

    def logs(self):
        return "".join(f"\n--- {path.name}\n{path.read_text(errors='replace')[-4000:]}"
                       for path in sorted(self.directory.glob("*.log")))

    def check(self, app):
        """Both have done the work, each for itself, forked from one import; and all ends well."""
        seen = self.finished()
        for each in seen:
            assert "error" not in each, each["error"]
            assert proc_status(each["pid"], "Seccomp") == "0"
            assert int(proc_status(each["pid"], "PPid")) == self.supervisor.pid
        first, second = seen
        assert first["pid"] != second["pid"]
        assert first["import_pid"] == second["import_pid"]
        assert first["import_pid"] not in (first["pid"], second["pid"])
        if app.compare:
            assert app.compare(first["result"], second["result"]), seen
        assert first["result"] == app.result
        assert second["result"] == app.result
        status = self.supervisor.stop()
        assert status == 0, self.logs()


@pytest.fixture
def rig(tmp_path, environment, supervise, peer):
    return Run(tmp_path, environment, supervise, peer)


@pytest.fixture
def auditor_of(tmp_path, environment):
    from conftest import Auditor
    return lambda version: Auditor(version, tmp_path, environment)


def counted(violations, expected):
    """{(kind or type, file): number} of violations, under the file that is expected for it."""
    found = {}
    for violation in violations:
        kind = violation["type"] if violation["kind"] == "fd" else violation["kind"]
        files = [frame["file"] for frame in violation["traceback"]]
        place = next((file for wanted, file in expected if wanted == kind
                      and any(seen.endswith("/" + file) for seen in files)), str(files[-1:]))
        found[kind, place] = found.get((kind, place), 0) + 1
    return found


# ---------------------------------------------------------------- the tests

@pytest.mark.parametrize("name, version, mode", cases())
def test_works_in_two_workers(rig, auditor_of, name, version, mode):
    app = rig.prepare(name)
    audit = rig.audit(auditor_of, name, version, mode)
    assert audit.status == 0 and audit.verdict == "clean", audit
    if name == "matplotlib":
        assert rig.fonts.exists(), "fc-list did not run under the audit"
        shutil.rmtree(rig.variables["MPLCONFIGDIR"])
    rig.start(name, version, mode)
    rig.check(app)


@pytest.mark.parametrize("name, version, mode", cases(eager=True))
def test_eager_import_is_found(rig, auditor_of, name, version, mode):
    """What the import did too early is a violation, attributed to the line that did it; the supervisor
    forks nothing."""
    app = rig.prepare(name)
    audit = rig.audit(auditor_of, name, version, mode, env={"APP_EAGER": "1"})
    assert audit.status == 1 and audit.verdict == "violations", audit
    found = counted(audit.violations, app.eager)
    always = {key for key, number in app.eager.items() if not isinstance(number, str)}
    assert always <= set(found) <= set(app.eager), audit
    for key in always:
        assert app.eager[key] is None or found[key] == app.eager[key], audit
    rig.start(name, version, mode, env={"APP_EAGER": "1"})
    assert rig.supervisor.process.wait(DEADLINE) == 1, rig.logs()
    assert not list(rig.results.glob("here-*")), "a worker was forked"


@pytest.mark.parametrize("mode", ["filter", "full"])
@pytest.mark.parametrize("version", having("gevent"))
def test_gevent_hub_ended_by_warmup(rig, auditor_of, version, mode):
    """The hub that an import made is destroyed in a warm-up: clean, and each worker makes its own."""
    app = rig.prepare("gevent")
    audit = rig.audit(auditor_of, "gevent", version, mode, env={"APP_EAGER": "1"},
                      warmup="app_gevent:forget_hub")
    assert audit.status == 0 and audit.verdict == "clean", audit
    rig.start("gevent", version, mode, "warmup = app_gevent:forget_hub", env={"APP_EAGER": "1"})
    rig.check(app)


@pytest.mark.parametrize("version", having("matplotlib"))
def test_matplotlib_font_is_reopened(rig, auditor_of, version):
    """The font file that drawing at import leaves open, with a rule that gives each worker its own."""
    app = rig.prepare("matplotlib")
    rule = "file:*.ttf at app_matplotlib.py reopen"
    audit = rig.audit(auditor_of, "matplotlib", version, "filter", env={"APP_EAGER": "1"}, allow=[rule])
    assert audit.status == 0 and audit.verdict == "clean", audit
    assert [allowed["rule"] for allowed in audit.report["allowed"]] == [rule], audit
    rig.start("matplotlib", version, "filter", f"allow = {rule}", env={"APP_EAGER": "1"})
    rig.check(app)


# ---------------------------------------------------------------- deep recursion

def is_deep(name):
    return name.endswith(("endless", " 100000", "11000 of 10000"))


@pytest.mark.parametrize("mode", ["filter", "full"])
def test_deep_recursion(rig, version, mode, environment):
    """C recursion, Python recursion and both in turns end in two workers as in a plain process: with
    an exception, never with a crash, and no sooner."""
    code = "import app_recursion, json, sys; json.dump(app_recursion.work(), sys.stdout)"
    plain = json.loads(subprocess.run(
        [interpreter(version), "-c", code], check=True, stdout=subprocess.PIPE, timeout=DEADLINE,
        env={**environment, **rig.variables, "PYTHONPATH": str(APPS)}).stdout)
    rig.start("recursion", version, mode)
    for seen in rig.finished():
        assert "error" not in seen, seen["error"]
        assert seen["result"] == plain
    assert rig.supervisor.stop() == 0, rig.logs()
    assert plain["repr 500"] == plain["json 500"] == 1002
    assert plain["python 900"] == 900 and plain["python 9000 of 10000"] == 9000
    assert {plain[name] for name in plain if is_deep(name)} <= {"RecursionError", "MemoryError"}, plain
    # Later versions go deeper before they stop.
    assert plain["repr 5000"] in ("RecursionError", 10002)
    assert plain["isinstance"] in ("RecursionError", False)
