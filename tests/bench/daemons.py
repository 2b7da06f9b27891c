"""Supervisor daemons to be measured: ours and supervisord, started on the same configuration."""
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import xmlrpc.client

import harness

HEAD = """[supervisord]
nodaemon = true
logfile = %(here)s/main.log
pidfile = %(here)s/pid
childlogdir = %(here)s/logs
minfds = {fds}
[unix_http_server]
file = %(here)s/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


class Unix(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.path)
        return connection


def commands():
    """{name: command} of what can be compared here."""
    found = {"forkserver": [str(harness.builddir() / "forkserver")]}
    supervisord = shutil.which("supervisord")
    if supervisord:
        found = {"supervisord": [supervisord], **found}
    else:
        print("  supervisord is not installed: forkserver alone", file=sys.stderr)
    return found


class Daemon:
    def __init__(self, command, directory, config, fds=1024, env=None):
        self.directory = pathlib.Path(directory)
        shutil.rmtree(self.directory, ignore_errors=True)
        (self.directory / "logs").mkdir(parents=True)
        (self.directory / "c.conf").write_text(HEAD.format(fds=fds) + config)
        with open(self.directory / "output", "wb") as output:
            self.process = subprocess.Popen([*command, "-c", str(self.directory / "c.conf")], cwd=self.directory,
                                            env=env or harness.environment(), stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, start_new_session=True)
        self.rpc = xmlrpc.client.ServerProxy("http://localhost/RPC2", Unix(str(self.directory / "s")))

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        if self.process.poll() is not None:
            text = (self.directory / "output").read_text(errors="replace")[-3000:]
            raise SystemExit(f"the daemon has ended with status {self.process.returncode}:\n{text}")
        return True

    def answers(self):
        self.alive()
        try:
            return self.rpc.supervisor.getState()
        except (OSError, http.client.HTTPException):
            return None

    def ready(self):
        harness.wait_until(self.answers)
        return self

    def log_count(self, text):
        """How often the main log says something; read again from where it was read last."""
        if not hasattr(self, "counted"):
            self.counted, self.read_to = {}, 0
        try:
            with open(self.directory / "main.log", "rb") as file:
                file.seek(self.read_to)
                data = file.read()
        except FileNotFoundError:
            data = b""
        data = data[:data.rfind(b"\n") + 1]
        self.read_to += len(data)
        for word in (b"entered RUNNING", b"stopped: ", b"spawned: "):
            self.counted[word] = self.counted.get(word, 0) + data.count(word)
        return self.counted[text]

    def wait_log(self, text, count, seconds=120):
        def reached():
            self.alive()
            return self.log_count(text) >= count
        harness.wait_until(reached, seconds, pause=0.002)

    def parts(self):
        """{role: pid}: the daemon and those of its children that are its own."""
        found = {"supervisor": self.pid}
        for pid in harness.children(self.pid):
            name = harness.comm(pid)
            if name.startswith("forkserver-"):
                found[name.removeprefix("forkserver-")] = pid
        return found

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            for pid in [*harness.descendants(self.pid), self.pid]:
                os.kill(pid, signal.SIGKILL)
            self.process.wait()


def memory(pid):
    """Resident bytes."""
    return harness.proc_numbers(f"/proc/{pid}/status", {"VmRSS"}).get("VmRSS", 0)


def switches(pid):
    """How often its threads have gone to sleep."""
    total = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            total += harness.proc_numbers(f"/proc/{pid}/task/{task}/status", {"voluntary_ctxt_switches"}, 1).get(
                "voluntary_ctxt_switches", 0)
    except OSError:
        pass
    return total


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
