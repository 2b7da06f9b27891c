"""One of two daemons that are given the same configuration and the same commands: starts it, talks to it, and writes
down what it answers in a form that does not depend on pids, times and places."""
import http.client
import json
import os
import pathlib
import pprint
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import xmlrpc.client

HEAD = """[supervisord]
nodaemon = true
logfile = %(here)s/main.log
pidfile = %(here)s/pid
childlogdir = %(here)s/logs
identifier = supervisor
[unix_http_server]
file = %(here)s/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://%(here)s/s
"""
SCALE = float(os.environ.get("FORKSERVER_TEST_TIMEOUT", "1"))
PATIENCE = 30 * SCALE  # seconds for any one step


class Unix(xmlrpc.client.Transport):
    """XML-RPC over a unix socket: a plain client, nothing of supervisor's."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        if not self._connection or host != self._connection[0]:
            connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(PATIENCE)
            connection.sock.connect(self.path)
            self._connection = host, connection
        return self._connection[1]


class Ctl:
    """The real supervisorctl, kept warm: oracle_ctl.py."""

    def __init__(self, env):
        self.lock = threading.Lock()
        self.process = subprocess.Popen([sys.executable, pathlib.Path(__file__).with_name("oracle_ctl.py")],
                                        env={**env, "TZ": "UTC", "LC_ALL": "C.UTF-8"}, text=True, encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, words):
        with self.lock:
            self.process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Failed(Exception):
    pass


class Side:
    """A daemon in a directory of its own."""

    def __init__(self, command, directory, env, ctl):
        self.command, self.directory, self.env, self.ctl_process = command, pathlib.Path(directory), env, ctl
        self.config = self.directory / "c.conf"
        self.process, self.threads, self.clients = None, {}, threading.local()
        (self.directory / "logs").mkdir(parents=True)

    # -------------------------------------------------------- the daemon

    def write(self, name, text):
        (self.directory / name).write_text(text)

    def start(self):
        with open(self.directory / "output", "ab") as output:
            self.process = subprocess.Popen([*self.command, "-c", str(self.config)], cwd=self.directory,
                                            env=self.env, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True)
        self.wait(self.answers, "it answers")

    def answers(self):
        if self.process.poll() is not None:
            raise Failed(f"it has ended with status {self.process.returncode}:\n{self.output()}")
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(self.directory / "s"))
            return self.rpc("supervisor.getState")["statename"] == "RUNNING"
        except xmlrpc.client.ProtocolError as error:
            return error.errcode == 401  # that is an answer
        except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
            return False

    def stop(self):
        """Ends it, nicely first; whatever is left of its session is killed."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def output(self):
        return (self.directory / "output").read_text("utf-8", "replace")[-4000:]

    def wait(self, condition, what, patience=PATIENCE):
        end = time.monotonic() + patience
        while not (value := condition()):
            if time.monotonic() > end:
                raise Failed(f"{what}: not within {patience:.0f} s")
            time.sleep(0.03)
        return value

    # -------------------------------------------------------- talking to it

    def rpc(self, method, *parameters):
        """Each thread has its own connection, kept alive."""
        client = getattr(self.clients, "client", None)
        if client is None:
            client = self.clients.client = xmlrpc.client.ServerProxy(
                "http://localhost/RPC2", Unix(str(self.directory / "s")), allow_none=True)
        try:
            return getattr(client, method)(*parameters)
        except (OSError, http.client.HTTPException):
            self.clients.client = None
            raise

    def ctl(self, *words):
        return self.ctl_process(["-c", self.config, *words])

    def info(self, name):
        return self.rpc("supervisor.getProcessInfo", name)

    def watch(self, name):
        """The same for a poll: {} while a daemon that restarts does not answer."""
        try:
            return self.info(name)
        except (OSError, http.client.HTTPException):
            return {}
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in (6, 10):  # SHUTDOWN_STATE, BAD_NAME: not yet
                return {}
            raise

    def http(self, data):
        """The answer to raw bytes, to its end or until nothing more comes."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(str(self.directory / "s"))
            sock.sendall(data)
            response = http.client.HTTPResponse(sock)
            response.begin()
            return response, response.read()

    def signal(self, name, number):
        pid = self.info(name)["pid"] if name else self.process.pid
        if pid:
            os.kill(pid, number)

    def later(self, key, function):
        """Begins something that blocks; `finish` has its result."""
        found = []
        thread = threading.Thread(target=lambda: found.append(function()), daemon=True)
        self.threads[key] = thread, found
        thread.start()

    def finish(self, key):
        thread, found = self.threads.pop(key)
        thread.join(PATIENCE)
        if not found:
            raise Failed(f"{key} has not ended")
        return found[0]

    # -------------------------------------------------------- what must differ

    def neutral(self, text):
        text = text.replace(str(self.directory), "DIR")
        if self.process:
            text = re.sub(rf"\b{self.process.pid}\b", "DAEMON", text)
        for pattern, instead in NEUTRAL:
            text = pattern.sub(instead, text)
        return text


NEUTRAL = [(re.compile(pattern), instead) for pattern, instead in [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "TIME"),
    (r"uptime (\d+ days?, )?\d+:\d\d:\d\d", "uptime T"),
    (r"\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d\d \d\d:\d\d [AP]M", "DATE"),
    (r"\bpid:? ?[1-9]\d*", "pid N"),
    (r"'pid': [1-9]\d*", "'pid': N"),
    (r"'(start|stop|now)': [1-9]\d{8,}", r"'\1': T"),
    (r"---(\w+)-\w{8}\.log", r"---\1-X.log"),
    (r"killing '([^']*)' \(\d+\)", r"killing '\1' (N)"),
    (r"(?m)^[1-9]\d*$", "N"),  # supervisorctl pid
]]


def shown(value):
    """A result of XML-RPC."""
    if isinstance(value, xmlrpc.client.Fault):
        return f"fault {value.faultCode} {value.faultString!r}"
    return pprint.pformat(value, width=110)


