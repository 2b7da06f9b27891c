"""The systems of bench_reload.py: each serves reload_app with the same number of workers, and is told in its own way
to take new code, to renew one worker, and where its workers are."""
import contextlib
import ctypes
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time

import harness
from daemons import Daemon

APPS = harness.HERE / "apps"
THREADS = 4
DEADLINE = 150
PR_SET_CHILD_SUBREAPER = 36


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def is_alive(pid):
    """The first thread may have ended while others have not, and then the files are still open."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in "ZX" or int(fields[17]) > 1


def adopt_orphans():
    """So that nothing outlives us unseen."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill(pid):
    """Returns when it is dead: until then it could still accept a connection."""
    os.kill(pid, signal.SIGKILL)
    harness.wait_until(lambda: not is_alive(pid))


class Deploy:
    """The code on the disk, as reload_app reads it."""

    def __init__(self, path):
        self.path, self.version = path, 0
        self.write()

    def write(self, fault="none"):
        """The next version, broken or not."""
        self.version += 1
        temporary = self.path.with_suffix(".new")
        temporary.write_text(f"{self.version} {fault}\n")
        temporary.rename(self.path)
        return self.version


class System:
    """One of them.  Each has a directory, a port and a Deploy of its own."""

    name = ""
    needs = ""

    def __init__(self, place, workers, modules):
        self.place, self.workers_count, self.port = place, workers, free_port()
        place.mkdir()
        self.deploy = Deploy(place / "deploy")
        self.env = harness.environment(BENCH_MODULES=" ".join(modules), BENCH_DEPLOY=str(self.deploy.path))
        self.log = place / "log"
        self.process = None

    @classmethod
    def program(cls):
        return shutil.which(cls.needs, path="/usr/bin:/usr/local/bin") or shutil.which(cls.needs)

    # -- what differs

    def command(self):
        raise NotImplementedError

    def reload(self):
        """Asks for the code on the disk; returns at once."""
        raise NotImplementedError

    def recycling(self):
        """A system whose workers are renewed; it runs."""
        return self

    def renew(self, pids):
        """Sees to it that one of these workers is renewed, its requests being finished first; returns its pid."""
        pid = random.choice(pids)
        os.kill(pid, self.renew_signal)
        return pid

    def workers(self):
        return [pid for pid in harness.children(self.process.pid) if is_alive(pid)]

    def settle(self):
        """Whatever it needs a hand with while it reloads; called again and again."""

    # -- what does not

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.place, env=self.env,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.wait_serving()
        return self

    def wait_serving(self):
        self.wait(lambda: self.ask() and len(self.workers()) == self.workers_count, "to serve")

    def ask(self):
        """(version, pid) of an answer on a connection of its own; None: none came."""
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.sendall(b"GET /0 HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                data = b""
                while more := connection.recv(65536):
                    data += more
            if found := re.search(rb"version=(\d+) pid=(\d+)", data):
                return int(found.group(1)), int(found.group(2))
        return None

    def is_up(self):
        return self.process.poll() is None

    def wait(self, condition, what, seconds=DEADLINE):
        end = time.monotonic() + seconds
        while not (value := condition()):
            if not self.is_up():
                raise Failed(f"{self.name} has ended with status {self.process.returncode}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} was expected {what}, in vain")
            self.settle()
            time.sleep(0.01)
        return value

    def wait_replaced(self, old, version):
        """Until the new version answers and none of the old workers is left."""
        self.wait(lambda: not any(map(is_alive, old)), "to end its old workers")
        self.wait(lambda: (self.ask() or (0,))[0] == version, f"to serve version {version}")
        self.wait_serving()

    def stop(self):
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        for pid in [*harness.descendants(self.process.pid), *self.strays()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def strays(self):
        """What is left of it has our directory in its command line, and is our child by now: adopt_orphans()."""
        found = []
        for pid in harness.descendants(os.getpid()):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if os.fsencode(self.place) in file.read():
                        found.append(pid)
        return found

    stop_signal = renew_signal = signal.SIGTERM


class Failed(Exception):
    """A system does not what it should; the text says what."""


# ---------------------------------------------------------------- gunicorn

class Gunicorn(System):
    name = "gunicorn HUP"
    needs = "gunicorn"
    more = ()

    def command(self):
        return [self.program(), "--workers", str(self.workers_count), "--worker-class", "gthread", "--threads",
                str(THREADS), "--bind", f"127.0.0.1:{self.port}", "--chdir", APPS, "--pid", self.place / "pid",
                "--worker-tmp-dir", self.place, *self.more, "reload_wsgi:application"]

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


class GunicornPreload(Gunicorn):
    """USR2 makes a second master beside the first; when that one has its workers, the first is told to end.

    With TERM: QUIT would not wait for requests, and WINCH is for masters in the background.
    """

    name = "gunicorn --preload USR2"
    more = ("--preload",)
    master = told = following = 0

    def start(self):
        self.master = self.told = 0
        super().start()
        self.master = self.process.pid
        return self

    def second(self):
        """The new master beside the old one; 0: none.  It is there before it has imported anything."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.place / "pid.2").read_text())
            # It keeps the name of its file for a moment after it has become the only one.
            return pid if pid != self.master and is_alive(pid) else 0
        return 0

    def workers(self):
        second = self.second()
        masters = [self.master or self.process.pid, *([second] if second else [])]
        return [pid for master in masters for pid in harness.children(master) if pid != second and is_alive(pid)]

    def reload(self):
        self.wait(lambda: not self.told and (self.place / "pid").exists(), "to end its old master")
        os.kill(self.master, signal.SIGUSR2)

    def settle(self):
        second = self.second()
        if self.master and not self.told and second and len(harness.children(second)) == self.workers_count:
            self.told, self.following = self.master, second
            os.kill(self.told, signal.SIGTERM)
        self.process.poll()  # buries it
        if self.told and not is_alive(self.told):
            self.told, self.master = 0, self.following

    def is_up(self):
        return is_alive(self.master or self.process.pid) or bool(self.told and is_alive(self.following))

    def stop(self):
        for pid in filter(None, [self.second(), self.master]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                harness.wait_until(lambda pid=pid: not is_alive(pid), 40)
        super().stop()


# ---------------------------------------------------------------- uWSGI

class Uwsgi(System):
    """Its http-socket closes each connection after the answer, and is made to say so."""

    name = "uWSGI chain reload"
    needs = "uwsgi"
    stop_signal = signal.SIGINT
    renew_signal = signal.SIGHUP

    def command(self):
        (self.place / "touch").touch()
        return [self.program(), "--plugin", "python3", "--master", "--processes", str(self.workers_count),
                "--enable-threads", "--threads", str(THREADS), "--lazy-apps", "--need-app", "--http-socket",
                f"127.0.0.1:{self.port}", "--add-header", "Connection: close", "--pythonpath", APPS,
                "--touch-chain-reload", self.place / "touch", "--disable-logging", "--module",
                "reload_wsgi:application"]

    def reload(self):
        now = time.time()
        os.utime(self.place / "touch", (now, now))


# ---------------------------------------------------------------- forkserver

class Forkserver(System):
    name = "forkserver"
    needs = "forkserver"
    more = ""

    @classmethod
    def program(cls):
        return str(harness.builddir() / "forkserver")

    def config(self):
        return f"""
[socket:http]
listen = tcp://127.0.0.1:{self.port}
[zygote:app]
python = {harness.PYTHON}
path = {APPS}
preload = reload_app, forkserver.serve.with_gunicorn, gunicorn.workers.gthread
[program:web]
zygote = app
command = forkserver.serve:wsgi reload_app:make() --server gthread --threads {THREADS}
sockets = http
numprocs = {self.workers_count}
process_name = %(process_num)d
ready = notify
readysecs = 5
reload_watch = 1
startretries = 1000000
autorestart = true
stdout_logfile = {self.log}
stdout_logfile_maxbytes = 0
redirect_stderr = true
{self.more}
"""

    def recycling(self):
        aged = Aged(self.place / "aged", self.workers_count, self.env["BENCH_MODULES"].split())
        return aged.start()

    def start(self):
        self.reloads = 0  # that it has been told of
        self.daemon = Daemon([self.program()], self.place / "daemon", self.config(), env=self.env)
        self.process = self.daemon.process
        self.daemon.ready()
        self.wait_serving()
        return self

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def workers(self):
        with contextlib.suppress(OSError):
            return [each["pid"] for each in self.daemon.rpc.supervisor.getAllProcessInfo()
                    if each["statename"] == "RUNNING"]
        return []

    def outcomes(self):
        """Of all reloads, in their order."""
        text = (self.place / "daemon" / "main.log").read_text(errors="replace")
        return re.findall(r"reload \d+: zygote 'app': (?:generation \d+ )?([a-z ]+?),? after ", text)


class Aged(Forkserver):
    """Its workers are recycled for their age, one after the other."""

    more = "maxage = 10\nrecycle_jitter = 60"

    def renew(self, pids):
        return self.wait(lambda: next((pid for pid in pids if not is_alive(pid)), 0), "to recycle a worker")


ALL = [Gunicorn, GunicornPreload, Uwsgi, Forkserver]
