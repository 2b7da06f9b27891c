"""A supervisor whose application has releases, for the tests of reloads."""
import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import threading
import xmlrpc.client

import pytest

from conftest import DEADLINE, VERSIONS, builddir, interpreter, wait_until

# An application, one for each release.  Workers serve until they are told to stop, and lose nothing then.
APPLICATION = '''
import fcntl, json, os, select, signal, socket, sys, threading, time
from forkserver import notify
RELEASE = {release!r}
HERE = {here!r}

def wait_for(name):
    while not os.path.exists(os.path.join(HERE, name)):
        time.sleep(0.01)

{at_import}

def told():
    return {{"pid": os.getpid(), "release": RELEASE, "generation": os.environ["FORKSERVER_GENERATION"],
            "prefix": sys.prefix, "process": os.environ["SUPERVISOR_PROCESS_NAME"]}}

def serve():
    ends = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(ends[1])
    signal.signal(signal.SIGTERM, lambda *_: None)
    listener = socket.socket(fileno=3)
    listener.setblocking(False)
    {before_ready}
    notify.ready()
    {after_ready}
    while True:
        readable, _, _ = select.select([listener, ends[0]], [], [])
        if ends[0] in readable:
            return
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            continue
        with connection:
            connection.setblocking(True)
            connection.recv(65536)
            body = json.dumps(told()).encode()
            connection.sendall(b"HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)

def job():
    """There may be only one."""
    lock = open(os.path.join(HERE, "lock"), "a")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    notify.ready()
    signal.pause()
'''

CONFIG = """[supervisord]
logfile = /dev/null
pidfile = %(here)s/forkserver.pid
childlogdir = %(here)s
[unix_http_server]
file = %(here)s/s
[socket:http]
listen = unix://%(here)s/http
[zygote:shop]
python = {python}
path = {path}
preload = shop
{zygote}
[program:web]
zygote = shop
command = shop:serve
sockets = http
process_name = web_%(process_num)d
numprocs = {numprocs}
ready = notify
startsecs = 0
reload_watch = 0
stdout_logfile = NONE
stderr_logfile = /dev/stderr
{keys}
"""


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(str(self.path))


class Transport(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        return Unix(self.path)


class Rig:
    def __init__(self, supervise, directory, python_version):
        self.supervise, self.directory, self.version, self.writes = supervise, directory, python_version, 0
        self.rpc = xmlrpc.client.ServerProxy("http://localhost/RPC2", Transport(directory / "s")).forkserver

    # -- the application and the configuration

    def release(self, release, where="app", **parts):
        """Writes a release; `parts` are pieces of its code."""
        parts = {name: parts.get(name, "") for name in ("at_import", "before_ready", "after_ready")}
        place = self.directory / where
        place.mkdir(exist_ok=True)
        text = APPLICATION.format(release=release, here=str(self.directory), **parts)
        (place / "shop.py").write_text(text)
        self.writes += 1  # or a .pyc of a file of the same size and second would be taken for this one
        os.utime(place / "shop.py", (self.writes, self.writes))
        return place

    def text(self, numprocs=2, keys="", zygote="", more=""):
        return CONFIG.format(python=interpreter(self.version), path=self.directory / "app", numprocs=numprocs, keys=keys,
                             zygote=zygote) + more

    def start(self, **keys):
        self.release("one")
        self.supervisor = self.supervise(self.text(**keys))
        self.settled(keys.get("numprocs", 2))

    def settled(self, n=2):
        """When all of web run."""
        wait_until(lambda: len(re.findall(r"web_\d +RUNNING", self.ctl("status").stdout)) == n, what="all RUNNING")

    def write(self, **keys):
        (self.directory / "forkserver-0.conf").write_text(self.text(**keys))

    # -- what is asked of it

    def get(self, path="/", method="GET", place="http", headers=()):
        with contextlib.closing(Unix(self.directory / place)) as connection:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            return response.status, response.read().decode()

    def ask(self):
        return json.loads(self.get()[1])

    def serving(self):
        """The release of each process, by name; until every one has answered."""
        found = {}
        wait_until(lambda: found.update([(answer["process"], answer)
                                         for answer in [self.ask()]]) or len(found) >= 2, what="an answer of each")
        return found

    def words(self, *words):
        return [str(builddir() / "forkserverctl"), "-s", f"unix://{self.directory}/s", *words]

    def ctl(self, *words):
        return subprocess.run(self.words(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=DEADLINE)

    def reload(self, *words, expect="done"):
        """Begins, and waits for the end; returns how that was."""
        ids = self.rpc.reload(*words or ["shop"])
        assert len(ids) == 1
        return self.ended(ids[0], expect)

    def ended(self, number, expect="done"):
        rollout = self.phase(number, "ended")
        assert rollout["outcome"] == expect, (rollout, self.supervisor.output()[-4000:])
        return rollout

    def phase(self, number, *phases):
        def look():
            rollout = self.rpc.rollout(number)
            return rollout if rollout["phase"] in phases else None
        return self.supervisor.wait_for(look, f"{phases} of {number}")

    def touch(self, name):
        (self.directory / name).touch()

    def pids(self):
        return sorted(map(int, re.findall(r"web_\d +RUNNING +pid (\d+)", self.ctl("status").stdout)))

    def stop(self):
        assert self.supervisor.stop() == 0, self.supervisor.output()[-4000:]


@pytest.fixture
def rig(supervise, tmp_path):
    return Rig(supervise, tmp_path, VERSIONS[-1] if VERSIONS else "none")


class Load:
    """Asks as fast as it can, and keeps what was answered."""

    def __init__(self, rig):
        self.rig, self.answers, self.errors, self.over = rig, [], [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            try:
                status, body = self.rig.get()
                self.answers.append((status, json.loads(body)["release"]))
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.errors.append(repr(error))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(DEADLINE)
