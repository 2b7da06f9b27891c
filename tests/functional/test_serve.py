"""The Python package in real workers: servers that end without losing a request, and what a worker is told.
Its unit tests, which need no worker, are run here too, by every Python that there is a zygote for."""
import array
import contextlib
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading

import pytest

from conftest import DEADLINE, HERE, TOP, descendants, free_port, interpreter, proc_status, wait_until
from site_util import needs, site_config
from supervisor_util import is_alive, kill

SERVE = HERE / "serve"
WSGI = ["sync", "gthread", "gevent", "waitress"]
ASGI = ["uvicorn", "hypercorn"]
PACKAGES = {"sync": ["flask", "gunicorn"], "gthread": ["flask", "gunicorn"], "gevent": ["flask", "gunicorn", "gevent"],
            "waitress": ["flask", "waitress"], "uvicorn": ["uvicorn"], "hypercorn": ["hypercorn"]}
PRELOADS = {"gthread": "forkserver.serve.with_gunicorn, gunicorn.workers.gthread",
            "gevent": "forkserver.serve.patch_gevent",
            "waitress": "forkserver.serve.with_waitress", "uvicorn": "forkserver.serve.with_uvicorn"}


# ---------------------------------------------------------------- without a worker

@pytest.mark.parametrize("module", ["test_notify", "test_worker", "test_serve"])
def test_units(version, module, environment):
    run = subprocess.run([interpreter(version), "-W", "error::ResourceWarning", "-m", "unittest", module],
                         cwd=TOP / "tests" / "python", env={**environment, "PYTHONPATH": str(TOP / "python")},
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)
    assert run.returncode == 0, run.stdout
    assert int(re.search(r"Ran (\d+) tests", run.stdout).group(1)) >= 14, run.stdout


@pytest.mark.plain
def test_types(tmp_path):
    if not shutil.which("mypy"):
        pytest.skip("no mypy")
    run = subprocess.run(["mypy", "--strict", "--cache-dir", str(tmp_path), "-p", "forkserver"], cwd=TOP / "python",
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)
    assert run.returncode == 0, run.stdout


# ---------------------------------------------------------------- a supervisor, and what its workers tell it

class Notifications:
    """NOTIFY_SOCKET of the workers, with the pids of who wrote."""

    def __init__(self, path):
        self.path, self.seen = path, []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.sock.bind(str(path))

    def wait(self, text, pid=None, after=0):
        """The first message from a worker (of this pid) that has this line; returns (pid, text)."""
        while True:
            for sender, message in self.seen[after:]:
                if text in message.split("\n") and pid in (None, sender):
                    return sender, message
            self.receive()

    def receive(self):
        self.sock.settimeout(DEADLINE)
        data, control, _, _ = self.sock.recvmsg(65536, socket.CMSG_SPACE(3 * array.array("i").itemsize))
        pid = next(struct.unpack("3i", payload)[0] for _, kind, payload in control
                   if kind == socket.SCM_CREDENTIALS)
        self.seen.append((pid, data.decode()))


class Site:
    """A supervisor with one program."""

    def __init__(self, supervise, directory, version):
        self.supervise, self.directory, self.version = supervise, directory, version
        self.notifications = Notifications(directory / "notify")
        self.ports = {}

    def start(self, command, preload="serve_app", sockets=("http",), numprocs=2, mode="filter", path=SERVE,
              backlog="", keys="", wait=True):
        self.ports = {name: free_port() for name in sockets}
        keys = f"""environment = NOTIFY_SOCKET="{self.notifications.path}"
autorestart = true
startsecs = 0
stopwaitsecs = 100
{keys}"""
        self.supervisor = self.supervise(
            site_config(self.directory, self.version, path, preload, command, self.ports, mode, numprocs, backlog, keys),
            env={"SERVE_DIR": str(self.directory)})
        if wait:
            self.wait_log("zygote 'site': ready, .* clean")
            for count in range(numprocs):
                self.pids = sorted({pid for pid, message in self.notifications.seen if "READY=1" in message})
                while len(self.pids) <= count:
                    self.notifications.receive()
                    self.pids = sorted({pid for pid, message in self.notifications.seen if "READY=1" in message})
        return self

    def log(self):
        path = self.directory / "main.log"
        return (path.read_text(errors="replace") if path.exists() else "") + self.supervisor.output() + self.outputs()

    def outputs(self):
        return "".join(f"\n--- {path.name}\n{path.read_text(errors='replace')[-4000:]}"
                       for path in sorted(self.directory.glob("*.out")))

    def wait_log(self, pattern):
        try:
            return self.supervisor.wait_for(lambda: re.search(pattern, self.log(), re.S), f"{pattern!r} in the logs")
        except pytest.fail.Exception as failure:
            pytest.fail(str(failure) + self.outputs(), pytrace=False)

    def get(self, path="/", name="http"):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=DEADLINE)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            return json.loads(body)

    def get_slow(self, name):
        """Begins a request; returns (the pid that has it, a function that lets it go on and has the answer)."""
        answers = []

        def ask():
            try:
                answers.append(self.get("/slow/" + name))
            except Exception as error:  # shown by the assertion
                answers.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        pid = int(self.supervisor.wait_file(self.directory / (name + ".begun")))

        def finish():
            (self.directory / (name + ".go")).touch()
            thread.join(DEADLINE)
            return answers[0]

        return pid, finish

    def stop(self):
        assert self.supervisor.stop() == 0, self.log()
        assert "Traceback" not in self.outputs(), self.outputs()


@pytest.fixture
def site(supervise, tmp_path, version):
    site = Site(supervise, tmp_path, version)
    yield site
    site.notifications.sock.close()


def listens(pid, port):
    """Whether a process still has a listener on this port open."""
    inodes = set()
    with open("/proc/net/tcp") as file:
        for line in list(file)[1:]:
            fields = line.split()
            if int(fields[1].split(":")[1], 16) == port and fields[3] == "0A":
                inodes.add("socket:[%s]" % fields[9])
    assert inodes
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                if os.readlink(f"/proc/{pid}/fd/{fd}") in inodes:
                    return True
    return False


# ---------------------------------------------------------------- what a worker is told

@pytest.mark.parametrize("mode", ["filter", "full"])
def test_worker(site, mode):
    site.start("serve_app:probe --flag value", "forkserver.notify, forkserver.serve, serve_app",
               sockets=("http", "admin"), mode=mode)
    told = {}
    for pid, message in site.notifications.seen:
        status = re.search("^STATUS=(.*)", message, re.M).group(1)
        told[pid] = json.loads(status)
    assert sorted(each["number"] for each in told.values()) == [0, 1]
    for pid, each in told.items():
        assert each["pid"] == pid
        assert (each["program"], each["group"]) == ("web", "web")
        assert each["process"] == "web_%d" % each["number"]
        assert each["generation"] == 1 and each["watchdog"] is None
        assert each["requests"] == 1
        assert each["sockets"] == {name: ["127.0.0.1", port] for name, port in site.ports.items()}
        assert each["argv"] == ["--flag", "value"]
        assert os.path.samefile(each["package"], TOP / "python" / "forkserver" / "__init__.py")
        assert os.path.samefile(each["path"][-1], TOP / "python")
    site.stop()


def test_the_applications_own_comes_first(site):
    """Nobody's module of that name is hidden by ours."""
    place = site.directory / "own"
    place.mkdir()
    (place / "forkserver.py").write_text("def request():\n    import signal\n    print('mine', flush=True)\n"
                                         "    signal.pause()\n")
    site.start("forkserver:request", "forkserver", sockets=(), numprocs=1, path=place, wait=False)
    site.wait_log(r"--- web_0\.out\nmine\n")
    assert site.supervisor.stop() == 0


# ---------------------------------------------------------------- servers

def command(server):
    kind, app = ("asgi", "serve_app:asgi") if server in ASGI else ("wsgi", "'serve_app:make_wsgi()'")
    return f"forkserver.serve:{kind} {app} --server {server}"


def preload(server):
    return ", ".join(filter(None, [PRELOADS.get(server), "serve_app, forkserver.serve"]))


def serve(site, server, more="", **keys):
    needs(site.version, *PACKAGES[server])
    return site.start(f"{command(server)} {more}", preload(server), **keys)


@pytest.mark.parametrize("server", WSGI + ASGI)
def test_server(site, server):
    """Two workers on one socket.  One is told to end with a request in flight; then one is killed."""
    serve(site, server, "--access-log")
    assert len(site.pids) == 2
    told = site.get()
    assert told["pid"] in site.pids and told["import"] in descendants(site.supervisor.pid)
    assert told["import"] not in site.pids
    assert proc_status(told["pid"], "Seccomp") == "0"

    ending, finish = site.get_slow("first")
    other, = set(site.pids) - {ending}
    os.kill(ending, signal.SIGTERM)
    site.notifications.wait("STOPPING=1", ending)
    if server != "sync":  # it is busy with the one request
        wait_until(lambda: not listens(ending, site.ports["http"]), what="the end of accepting")
    for _ in range(10):
        assert site.get()["pid"] == other
    assert is_alive(ending)
    count = len(site.notifications.seen)
    answer = finish()
    assert isinstance(answer, dict), answer
    assert (answer["pid"], answer["slow"]) == (ending, "first")
    site.wait_log(r"exited: web_%d \(exit status 0; expected\)" % answer["number"])
    replacement, _ = site.notifications.wait("READY=1", after=count)
    assert replacement not in (ending, other)

    count = len(site.notifications.seen)
    kill(other)
    second, _ = site.notifications.wait("READY=1", after=count)
    for _ in range(10):
        assert site.get()["pid"] in (replacement, second)
    site.stop()
    stopped = re.findall(r"stopped: (web_\d) \(exit status 0\)", site.supervisor.output())
    assert sorted(set(stopped)) == ["web_0", "web_1"], site.log()


@pytest.mark.parametrize("server", WSGI + ASGI)
def test_max_requests(site, server):
    """A worker that has served enough ends by itself, and nobody notices."""
    serve(site, server, "--max-requests 3 --max-requests-jitter 0", numprocs=2)
    seen = set()
    # gevent's main loop looks once a second whether it is to end.
    wait_until(lambda: seen.add(site.get()["pid"]) or len(seen) >= 3, what="a worker's replacement")
    site.wait_log(r"exited: web_\d \(exit status 0; expected\)")
    assert not re.search(r"not expected|terminated", site.supervisor.output())
    assert site.supervisor.stop() == 0


@pytest.mark.parametrize("server", ["sync", "gthread"])
def test_another_user_than_the_zygote(site, server):
    """gunicorn takes whoever has imported it for who it is to be, and would give the worker's files to root."""
    if os.geteuid() != 0:
        pytest.skip("only root can start processes as another user")
    needs(site.version, *PACKAGES[server])
    site.start(command(server), preload("gthread"), numprocs=1, keys="user = nobody", wait=False)
    site.wait_log("zygote 'site': ready, .* clean")
    assert proc_status(site.get()["pid"], "Uid").split() == [str(pwd.getpwnam("nobody").pw_uid)] * 4
    assert site.supervisor.stop() == 0


def other_program(site, command):
    """Keys of a second program of the same zygote."""
    return f"""[program:other]
zygote = site
command = {command}
sockets = admin
directory = {site.directory}
stdout_logfile = {site.directory}/other.out
redirect_stderr = true
startsecs = 1
startretries = 0"""


@pytest.mark.parametrize("server", ["sync", "gthread"])
def test_made_ready(site, server):
    """Settings and log of all workers are made in the zygote; each has its own access log all the same."""
    needs(site.version, *PACKAGES[server])
    site.start(f"{command(server)} --access-log", preload("gthread"))
    told = site.get("/made")
    assert (told["made"], told["logs"]) == (1, [True])
    site.wait_log(r"GET /made HTTP/1\.1. 200")
    site.stop()
    assert len(re.findall("GET ", site.outputs())) == 1, site.outputs()


def test_made_ready_for_two(site):
    """Their logs are not the same, so each worker makes its own."""
    serve(site, "gthread", "--access-log --socket http", sockets=("http", "admin"), numprocs=1,
          keys=other_program(site, f"{command('sync')} --socket admin"))
    told = wait_until(lambda: site.get("/made", "admin"), what="the other program")
    assert (told["made"], told["logs"], told["process"]) == (2, [False, False], "other")
    assert site.get("/made")["process"] == "web_0"
    site.wait_log(r"GET /made HTTP/1\.1. 200")
    assert (site.directory / "other.out").read_text() == ""
    site.stop()


@pytest.mark.parametrize("wrong, says", [("--threads 0", "argument --threads: 0 is not above 0"),
                                         ("--option workers=many", "invalid literal"),
                                         ("--option nothing=1", "nothing"),
                                         ("--option logger_class=nowhere.Logger", "nowhere"),
                                         ("--option post_request=nowhere.hook", "nowhere")])
def test_made_ready_in_vain(site, wrong, says):
    """The zygote and the other program are not disturbed; the worker says what is wrong."""
    serve(site, "gthread", "--socket http", sockets=("http", "admin"), numprocs=1,
          keys=other_program(site, f"{command('sync')} {wrong}"))
    site.wait_log(r"gave up: other entered FATAL state")
    assert says in (site.directory / "other.out").read_text()
    assert site.get()["process"] == "web_0"
    assert says not in (site.directory / "main.log").read_text() + site.supervisor.output()
    assert site.supervisor.stop() == 0


def test_nothing_can_be_made_ready(site):
    """The workers make it, and somebody is told."""
    needs(site.version, *PACKAGES["gthread"])
    site.start(command("gthread"), preload("gthread") + ", broken_ready", numprocs=1)
    site.wait_log("forkserver: site: nothing is made ready for forkserver.serve:wsgi .*: LookupError: no such setting")
    assert site.get("/made")["made"] == 0
    site.stop()


def test_hooks_are_the_workers(site):
    """A module that an option names is imported in the worker, as it was never audited for."""
    serve(site, "gthread", "--option post_worker_init=socket_hooks.post_worker_init", numprocs=1)
    site.wait_log(r"--- web_0\.out\n(.*\n)?hooked\n")
    assert site.get("/made")["made"] == 0
    site.stop()


def test_log_of_an_application_that_configures_logging(site):
    """What the zygote has made ready is not switched off by it, as it would be for having been there before."""
    needs(site.version, *PACKAGES["gthread"])
    site.start("forkserver.serve:wsgi late_logging --access-log", "forkserver.serve.with_gunicorn", numprocs=1)
    assert site.get("/logged") == {}
    site.wait_log(r"GET /logged HTTP/1\.1. 200")
    site.stop()


@pytest.mark.parametrize("server", ["sync", "gthread", "gevent"])
def test_rehearsal(site, server):
    """Before it is ready a worker has served a request of its own, and nobody has been told of it."""
    needs(site.version, *PACKAGES[server])
    site.start(f"forkserver.serve:wsgi 'serve_app:make_watched()' --server {server} --access-log --max-requests 2 "
               "--max-requests-jitter 0", preload(server), numprocs=1)
    pid, = site.pids
    assert (site.directory / f"rehearsed.{pid}").exists()
    told = site.get("/asked")
    assert (told["pid"], told["requests"], told["asked"]) == (pid, 0, ["/asked"])
    assert len(re.findall("GET ", site.outputs())) <= 1, site.outputs()
    assert site.get("/asked")["pid"] == pid  # it has not ended after the one
    site.stop()


@pytest.mark.parametrize("hook, asked", [("pre_request", ["hook of /asked", "/asked"]), ("post_request", ["/asked"])])
def test_no_rehearsal(site, hook, asked):
    """A hook of the user's sees each request that a client has made, and no other."""
    needs(site.version, *PACKAGES["gthread"])
    site.start(f"forkserver.serve:wsgi 'serve_app:make_watched()' --server gthread --option {hook}=serve_app.{hook}",
               preload("gthread"), numprocs=1)
    assert not list(site.directory.glob("rehearsed.*"))
    assert site.get("/asked")["asked"] == asked
    site.stop()


def test_rehearsal_of_newer_versions(site):
    """They hand a connection to a thread when it can be read; and connections at once find nothing in their way."""
    needs(site.version, *PACKAGES["gthread"])
    site.start("forkserver.serve:wsgi 'serve_app:make_watched()' --server gthread",
               "newer_gthread, " + preload("gthread"), numprocs=1)
    assert (site.directory / f"rehearsed.{site.pids[0]}").exists()
    slow = [site.get_slow(name) for name in "abc"]
    assert site.get("/asked")["asked"][-1] == "/asked"
    assert [finish()["slow"] for _, finish in slow] == ["a", "b", "c"]
    assert "rehearsed" not in site.outputs()
    site.stop()


@pytest.mark.parametrize("server", WSGI + ASGI)
def test_recycled(site, server):
    """One that has served enough is replaced by the supervisor; every request is answered meanwhile."""
    serve(site, server, keys="max_requests = 20\nrecycle_jitter = 0")
    seen = {}

    def look():
        pid = site.get()["pid"]
        seen[pid] = seen.get(pid, 0) + 1
        return len(seen) >= 4

    wait_until(look, what="two replacements")
    recycled = re.findall(r"recycled: (\d+) requests are done, .*; pid (\d+)", site.supervisor.output())
    assert len(recycled) >= 2 and all(20 <= int(count) for count, _ in recycled)
    assert not re.search(r"not expected|terminated|SIGKILL", site.supervisor.output())
    site.stop()


@pytest.mark.parametrize("server", WSGI + ASGI)
def test_several_sockets(site, server):
    serve(site, server, sockets=("http", "admin"), numprocs=1)
    for name in ("http", "admin", "http"):
        assert site.get(name=name)["pid"] == site.pids[0]
    site.stop()


def test_one_of_the_sockets(site):
    """The other is the application's."""
    serve(site, "gthread", "--socket admin", sockets=("http", "admin"), numprocs=1)
    assert site.get(name="admin")["pid"] == site.pids[0]
    facts = site.get("/facts", "admin")
    assert len(facts["backlog"]) == 2
    site.stop()


@pytest.mark.parametrize("server", ["sync", "gthread", "waitress", "uvicorn"])
def test_the_queue_is_the_supervisors(site, server):
    """No server changes the length of the queue that all workers share; and requests are counted."""
    serve(site, server, numprocs=1, backlog="backlog = 77")
    assert site.get("/facts")["backlog"] == [77]
    if server in ("sync", "gthread"):  # the others set it for each connection
        assert site.get("/facts")["nodelay"] == [1]
    wait_until(lambda: site.get("/facts")["requests"] >= 2, what="counted requests")
    site.stop()


@pytest.mark.parametrize("server", ["sync", "uvicorn"])
def test_graceful_timeout(site, server):
    """A request that does not end is named in the log, and cut off."""
    serve(site, server, "--graceful-timeout 1", numprocs=1)
    pid, finish = site.get_slow("never")
    os.kill(pid, signal.SIGTERM)
    site.wait_log(r"exited: web_0 \(exit status 1; ")
    assert not isinstance(finish(), dict)
    assert re.search(r"Timeout \(0:00:01\)!.*serve_app.py\", line \d+ in slow" if server == "sync"
                     else r"Timeout \(0:00:01\)!.*with_uvicorn.py", site.outputs(), re.S), site.outputs()
    assert site.supervisor.stop() == 0


def test_timeout(site):
    """A main loop that stands still: its stack is in the log, and a new worker takes over."""
    serve(site, "sync", "--timeout 1", numprocs=1)
    pid, finish = site.get_slow("stuck")
    site.wait_log(r"Timeout \(0:00:01\)!.*in slow.*exited: web_0 \(exit status 1; |"
                  r"exited: web_0 \(exit status 1; .*Timeout \(0:00:01\)!.*in slow")
    assert not isinstance(finish(), dict)
    assert site.get()["pid"] != pid
    site.stop()


def test_without_sockets(site):
    """What is wrong in the configuration is said in a line."""
    needs(site.version, "flask", "waitress")
    site.start(command("waitress"), "serve_app", sockets=(), numprocs=1, keys="autorestart = false", wait=False)
    site.wait_log(r"forkserver\.serve: web_0: no socket was passed to this process; set sockets = ")
    assert "Traceback" not in site.outputs()
    assert site.supervisor.stop() == 0


def test_celery(site):
    """Two workers take tasks; one that is told to end finishes its task first."""
    needs(site.version, "celery")
    for name in ("queue", "done"):
        (site.directory / name).mkdir()
    site.start("forkserver.serve:celery serve_tasks:app", "serve_tasks, forkserver.serve.with_celery", sockets=())
    subprocess.run([interpreter(site.version), "-c", "import serve_tasks as s; s.slow.delay('task')"],
                   env={**os.environ, "SERVE_DIR": str(site.directory), "PYTHONPATH": str(SERVE),
                        "PYTHONDONTWRITEBYTECODE": "1"}, check=True, timeout=DEADLINE)
    pid = int(site.supervisor.wait_for(
        lambda: (site.directory / "task.begun").exists() and (site.directory / "task.begun").read_text(), "the task"))
    assert pid in site.pids
    os.kill(pid, signal.SIGTERM)
    site.notifications.wait("STOPPING=1", pid)
    assert not (site.directory / "task.done").exists()
    count = len(site.notifications.seen)
    (site.directory / "task.go").touch()
    site.wait_log(r"exited: web_\d \(exit status 0; expected\)")
    assert (site.directory / "task.done").read_text() == str(pid)
    assert site.notifications.wait("READY=1", after=count)[0] not in site.pids
    assert site.supervisor.stop() == 0
