"""A machine for the tests: a real systemd, booted once in namespaces of its own by `boot`, with the
product installed in it.  Commands enter it with nsenter, files through /proc/PID/root.

The tests clean up behind themselves, so that each finds the machine as if it had just been booted;
the machine's end takes everything with it, and that is checked.
"""
import json
import os
import pathlib
import queue
import subprocess
import threading
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUILDDIR = os.environ["FORKSERVER_BUILDDIR"]
SCALE = float(os.environ.get("FORKSERVER_TEST_TIMEOUT", "1"))
DEADLINE = 60 * SCALE  # seconds
NAMESPACES = ["--mount", "--pid", "--cgroup", "--uts", "--ipc", "--net"]


def wait_until(condition, what, deadline=DEADLINE):
    """Polls a condition about other processes, for which there is no event to wait for."""
    end = time.monotonic() + deadline
    pause = 0.01
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"{what}: not within {deadline:.0f} s", pytrace=False)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


class Machine:
    """Its processes come before others: systemd's watchdog and time limits run on while they wait for a CPU."""

    def __init__(self, directory):
        self.directory = directory
        self.cgroup = pathlib.Path(os.environ["FORKSERVER_CGROUP"], f"forkserver-test-{os.getpid()}")
        self.cgroup.mkdir()
        self.log = open(directory.with_suffix(".log"), "w+")
        self.init = None
        self.unshare = subprocess.Popen(
            ["unshare", "--fork", "--kill-child", *NAMESPACES, HERE / "boot", directory, BUILDDIR],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            preexec_fn=self.enter)

    def enter(self):
        (self.cgroup / "cgroup.procs").write_text("0")
        try:
            os.nice(-10)
        except PermissionError:
            pass

    def boot(self):
        wait_until(self.is_up, "the machine has booted", 5 * DEADLINE)  # and the product was installed

    def is_up(self):
        if self.unshare.poll() is not None:
            self.log.seek(0)
            pytest.fail(f"the machine has ended:\n{self.log.read()}", pytrace=False)
        children = pathlib.Path(f"/proc/{self.unshare.pid}/task/{self.unshare.pid}/children")
        self.init = (children.read_text().split() or [None])[0]
        if not self.init or pathlib.Path(f"/proc/{self.init}/comm").read_text() != "systemd\n":
            return False
        return self.run("systemctl", "is-active", "basic.target", check=False).returncode == 0

    def inside(self, *command):
        """The command line that runs a command in the machine."""
        return ["nsenter", "--target", self.init, *NAMESPACES, "--root", "--wd", "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", *map(str, command)]

    def run(self, *command, check=True):
        """A command in the machine; .stdout has both of its outputs."""
        done = subprocess.run(self.inside(*command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=2 * DEADLINE)
        if check and done.returncode:
            pytest.fail(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}"
                        f"\n{self.journal()}", pytrace=False)
        return done

    def journal(self, *arguments):
        return self.run("journalctl", "--no-pager", "--lines=60", *arguments, check=False).stdout

    def path(self, path):
        """Where a file of the machine is for us."""
        return pathlib.Path(f"/proc/{self.init}/root", str(path).lstrip("/"))

    def write(self, path, text):
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o644)

    def shut_down(self):
        self.unshare.kill()  # and with it init, and with that all the others
        self.unshare.wait()
        self.log.close()
        procs = self.cgroup / "cgroup.events"
        wait_until(lambda: "populated 0" in procs.read_text(), "all processes of the machine are gone")
        for directory, _, _ in os.walk(self.cgroup, topdown=False):
            os.rmdir(directory)


@pytest.fixture(scope="session")
def machine(tmp_path_factory):
    directory = tmp_path_factory.mktemp("machine")
    before = pathlib.Path("/proc/self/mounts").read_text()
    machine = Machine(directory)
    try:
        machine.boot()
        machine.run("systemd-sysusers")
        machine.run("systemd-tmpfiles", "--create", "--prefix=/etc/forkserver")
        yield machine
    finally:
        machine.shut_down()
    assert not machine.cgroup.exists()
    assert pathlib.Path("/proc/self/mounts").read_text() == before
    assert list(directory.iterdir()) == []


class Unit:
    """forkserver.service, or an instance of forkserver@.service."""

    def __init__(self, machine, name, configuration, state):
        self.machine, self.name, self.configuration = machine, name, configuration
        self.state = pathlib.PurePosixPath(state)  # its StateDirectory
        self.sockets = []  # socket units that start it
        self.begin = machine.journal("--show-cursor", "--lines=0").rpartition("cursor: ")[2].strip()

    def configure(self, text):
        self.machine.write(self.configuration, text)

    def override(self, text):
        """A drop-in for [Service]."""
        self.machine.write(f"/run/systemd/system/{self.name}.d/test.conf", f"[Service]\n{text}\n")
        self.machine.run("systemctl", "daemon-reload")

    def systemctl(self, verb, *options, check=True):
        return self.machine.run("systemctl", verb, *options, self.name, check=check)

    def show(self, *properties):
        """Their values at one moment."""
        text = self.systemctl("show", *(f"--property={each}" for each in properties)).stdout
        values = dict(line.split("=", 1) for line in text.splitlines())
        return values[properties[0]] if len(properties) == 1 else [values[each] for each in properties]

    def main_pid(self):
        return int(self.show("MainPID"))

    def await_status(self, word):
        wait_until(lambda: word in self.show("StatusText"), f"{word!r} in the status")

    def journal(self):
        """What it and systemd have said about it in this test."""
        return self.machine.journal("--unit", self.name, "--after-cursor", self.begin)

    def cgroup(self):
        return self.machine.path("/sys/fs/cgroup" + self.show("ControlGroup"))

    def processes(self):
        """{pid: command line} of all that is in its cgroup, but for control processes; as the machine numbers
        them."""
        found = {}
        for pid in self.machine.run("cat", *[self.show_path(each) for each in self.cgroup().rglob("cgroup.procs")],
                                    "/dev/null").stdout.split():
            try:
                command = self.machine.path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
            found[int(pid)] = command.replace(b"\0", b" ").decode().strip()
        return found

    def show_path(self, path):
        return "/" + str(path.relative_to(self.machine.path("/")))

    def read(self, name):
        """A file in its state directory; "" if there is none."""
        try:
            return self.machine.path(self.state / name).read_text()
        except FileNotFoundError:
            return ""

    def socket(self, name, text):
        """A socket unit that starts this one; it listens when this returns."""
        self.machine.write(f"/run/systemd/system/{name}.socket", text)
        self.sockets.append(f"{name}.socket")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "start", f"{name}.socket")

    def forget(self):
        if self.sockets:
            self.machine.run("systemctl", "stop", *self.sockets, check=False)
        self.systemctl("stop", check=False)
        left = self.show("ActiveState")
        self.systemctl("reset-failed", check=False)
        drop_in = f"/run/systemd/system/{self.name}.d"
        overridden = self.machine.path(drop_in).exists()
        self.machine.run("rm", "-rf", drop_in, self.configuration, self.state,
                         *(f"/run/systemd/system/{each}" for each in self.sockets))
        if overridden or self.sockets:
            self.machine.run("systemctl", "daemon-reload")
        assert left in ("inactive", "failed")


# Sends a byte to each address that a line of standard input names, as JSON: a path or [host, port].  Then says,
# one JSON object a line: {"connected": address}, {"answer": text, …} or {"failed": [step, errno's name]}.
# A second argument: goes on with the first address until standard input ends.
CLIENT = '''
import errno, json, select, socket, sys, threading

lock = threading.Lock()

def say(**what):
    with lock:
        print(json.dumps(what), flush=True)

def ask(address):
    address = tuple(address) if isinstance(address, list) else address
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    step = "connect"
    try:
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(float(sys.argv[1]))
            client.connect(address)
            say(connected=address)
            step = "answer"
            client.sendall(b"?")
            text = client.recv(1000).decode()
            say(answer=text) if text else say(failed=[step, "EOF"])
    except OSError as error:
        say(failed=[step, errno.errorcode.get(error.errno, str(error))])

if sys.argv[2:]:
    address = json.loads(sys.stdin.readline())
    while not select.select([sys.stdin], [], [], 0)[0]:
        ask(address)
else:
    threads = []
    for line in sys.stdin:
        threads.append(threading.Thread(target=ask, args=[json.loads(line)]))
        threads[-1].start()
    for each in threads:
        each.join()
'''


class Client:
    """Connections from within the machine."""

    def __init__(self, machine, *more):
        self.process = subprocess.Popen(machine.inside("/usr/bin/python3", "-c", CLIENT, DEADLINE, *more),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said = queue.SimpleQueue()  # read all the time: a client that waits for us would hold up the server
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.said.put(json.loads(line))
        self.said.put(None)

    def ask(self, address):
        self.process.stdin.write(json.dumps(address) + "\n")
        self.process.stdin.flush()

    def hear(self):
        """The next that it has to say."""
        said = self.said.get(timeout=2 * DEADLINE)
        assert said, "the client has ended"
        return said

    def answer(self):
        while True:
            said = self.hear()
            if "connected" not in said:
                return said

    def finish(self):
        """All that is left to be said."""
        self.process.stdin.close()
        said = list(iter(self.said.get, None))
        assert self.process.wait() == 0
        return said

    def close(self):
        self.process.stdin.close()  # which ends it, now or when its last step's time is over
        self.reader.join()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def client(machine):
    """client(): one that asks once for each address; client("on"): one that goes on."""
    started = []

    def start(*more):
        started.append(Client(machine, *more))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def unit(machine):
    unit = Unit(machine, "forkserver.service", "/etc/forkserver.conf", "/var/lib/forkserver")
    yield unit
    unit.forget()


@pytest.fixture
def instance(machine):
    unit = Unit(machine, "forkserver@shop.service", "/etc/forkserver/shop.conf", "/var/lib/forkserver-shop")
    yield unit
    unit.forget()
