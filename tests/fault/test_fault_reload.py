"""Reloads among everything else that can happen: whatever it was, at the end there is one process of each name, of the
newest code that was good, and nothing beside it."""
import os
import random
import signal
import socket
import xmlrpc.client

from conftest import CONTROLLED, answering, children, scaled, wait_until
from fault_util import part
from supervisor_util import open_fds, zombies

SEED = int(os.environ.get("FORKSERVER_FAULT_SEED", "20"))

APP = """
import os, signal, socket, sys, threading
{at_import}
def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    {at_start}
    listener = socket.socket(fileno=3)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"{number} " + str(os.getpid()).encode())
"""
BROKEN = {
    "import error": {"at_import": "import nothing_of_that_name"},
    "leak": {"at_import": "leak = open('/etc/passwd')"},
    "dies while importing": {"at_import": "os._exit(3)"},
    "exits at once": {"at_start": "sys.exit(4)"},
    "dies a little later": {"at_start": "threading.Timer(0.2, os._exit, (5,)).start()"},
}

CONFIG = CONTROLLED.replace("/dev/null", "%(here)s/log") + """
[zygote:app]
path = %(here)s
preload = app
[socket:http]
listen = unix://%(here)s/http
[program:web]
zygote = app
command = app:main
sockets = http
process_name = w%(process_num)d
numprocs = {numprocs}
startsecs = 0
startretries = 1000
reload_watch = 1
reload_batch = {batch}
stopwaitsecs = 5
"""


class Rig:
    def __init__(self, supervise, directory, chance):
        self.directory, self.chance, self.number, self.numprocs = directory, chance, 0, 3
        self.write_app()
        self.write_config()
        self.supervisor = supervise(CONFIG.format(numprocs=3, batch=1))
        self.log = lambda: (directory / "log").read_text()
        self.rpc = answering(self.supervisor, directory / "s")

    def write_app(self, at_import="pass", at_start="pass"):
        self.number += 1
        text = APP.format(at_import=at_import, at_start=at_start, number=self.number)
        new = self.directory / "app.new"
        new.write_text(text)
        os.utime(new, (self.number, self.number))  # import tells sources apart by whole seconds and sizes
        new.rename(self.directory / "app.py")

    def write_config(self):
        text = CONFIG.format(numprocs=self.numprocs, batch=self.chance.choice((0, 1, 2)))
        (self.directory / "forkserver-0.conf").write_text(text)

    def hup(self):
        self.supervisor.process.send_signal(signal.SIGHUP)

    def settled(self):
        """Every reload that was begun has ended; the daemon tells each end in one line."""
        begun = {line.split("reload ")[1].split(":")[0] for line in self.log().splitlines() if "is imported beside" in line}
        ended = {line.split("reload ")[1].split(":")[0] for line in self.log().splitlines()
                 if " reload " in line and any(word in line for word in (" serves", "refused after", "rolled back after",
                                                                         "called off after", "takes its place after",
                                                                         "going back after"))}
        return begun <= ended

    def infos(self):
        return [info for info in self.rpc.getAllProcessInfo()]

    def ask(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(self.directory / "http"))
            return client.recv(100).split()

    # what can happen

    def good(self):
        self.write_app()
        self.hup()

    def broken(self):
        self.write_app(**BROKEN[self.chance.choice(sorted(BROKEN))])
        self.hup()

    def hurry(self):
        for _ in range(3):
            self.good()

    def broken_alone(self):
        self.broken()
        self.wait()

    def disturbed(self):
        """While processes are being replaced."""
        before = self.log().count("takes the place of")
        chance = self.chance
        self.write_app(**(BROKEN["dies a little later"] if chance.random() < 0.4 else {}))
        self.hup()
        wait_until(lambda: self.log().count("takes the place of") > before or self.settled(), what="the first replaced one")
        for _ in range(chance.randrange(1, 4)):
            chance.choice((self.kill_worker, self.kill_zygotes, self.stop_one, self.start_one))()

    def kill_worker(self):
        pids = [info["pid"] for info in self.infos() if info["pid"]]
        if pids:
            self.kill(self.chance.choice(pids))

    def kill_zygotes(self):
        workers = {info["pid"] for info in self.infos()}
        for pid in children(self.supervisor.pid):
            if pid not in workers and self.chance.random() < 0.5 and b"zygote-python" in self.command(pid):
                self.kill(pid)

    @staticmethod
    def command(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read()
        except (FileNotFoundError, ProcessLookupError):
            return b""  # it has ended

    def kill(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def stop_one(self):
        self.call("stopProcess")

    def start_one(self):
        self.call("startProcess", False)

    def call(self, method, *more):
        try:
            getattr(self.rpc, method)(f"web:w{self.chance.randrange(self.numprocs)}", *more)
        except xmlrpc.client.Fault:
            pass  # it is started, stopped or gone already

    def resize(self):
        self.numprocs = self.chance.choice((2, 3, 5))
        self.write_config()
        self.hup()

    def wait(self):
        wait_until(self.settled, what="the end of all reloads")


OPERATIONS = ("good", "broken", "broken_alone", "broken_alone", "disturbed", "disturbed", "disturbed", "hurry", "kill_worker", "kill_worker", "kill_zygotes", "stop_one", "start_one", "resize",
              "wait", "wait")


def test_reloads_among_all_else(needs_control, supervise, tmp_path, figure):
    chance = random.Random(SEED)
    rig = Rig(supervise, tmp_path, chance)
    wait_until(lambda: all(info["statename"] == "RUNNING" for info in rig.infos()), what="the beginning")
    fds, done = open_fds(rig.supervisor.pid), []
    for _ in range(int(os.environ.get("FORKSERVER_FAULT_OPERATIONS", scaled(40)))):
        done.append(chance.choice(OPERATIONS))
        getattr(rig, done[-1])()
    rig.wait()
    rig.numprocs = 3
    rig.write_config()
    for info in rig.infos():  # somebody has to answer
        if info["statename"] in ("STOPPED", "FATAL"):  # perhaps when there is code again that can be imported
            rig.rpc.startProcess(f"web:{info['name']}", False)
    begun = rig.log().count("is imported beside")  # a zygote that has been killed has new code without a reload
    rig.good()
    wait_until(lambda: rig.log().count("is imported beside") > begun and rig.settled() and all(rig.ask()[0] == str(rig.number).encode() for _ in range(20)),
               what=f"the last code after {done}, FORKSERVER_FAULT_SEED={SEED}")
    for info in rig.infos():
        if info["statename"] != "RUNNING":
            rig.rpc.startProcess(f"web:{info['name']}")
    names = [info["name"] for info in rig.infos()]
    assert sorted(names) == ["w0", "w1", "w2"], done
    workers = {info["pid"] for info in rig.infos()}

    def only_those():
        rest = set(children(rig.supervisor.pid)) - workers - {part(rig.supervisor, "logger"), part(rig.supervisor, "control")}
        return len(rest) == 1  # the zygote

    wait_until(only_those, what=f"the end of all others after {done}, FORKSERVER_FAULT_SEED={SEED}")
    answers = [rig.ask() for _ in range(30)]
    assert {int(pid) for _, pid in answers} <= workers
    assert zombies(rig.supervisor.pid) == []
    assert open_fds(rig.supervisor.pid) <= fds
    figure("reloads: serve, refused, back, superseded",
           ", ".join(str(rig.log().count(word)) for word in (" serves,", "refused after", "rolled back after", "takes its place")))
    assert rig.supervisor.stop() == 0
