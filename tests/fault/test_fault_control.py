"""Control: random operations against a model, random bytes, clients that never finish."""
import os
import random
import socket
import time
import xmlrpc.client

from conftest import CONTROLLED, DEADLINE, answering, control, scaled, wait_until
from fault_util import is_busy, ms, part, peak_memory, quantile
from supervisor_util import is_alive, kill, open_fds, wait_running, zombies

SEED = int(os.environ.get("FORKSERVER_FAULT_SEED", "0")) or random.randrange(1, 1 << 30)
BAD_NAME, ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED, STILL_RUNNING = 10, 60, 70, 90, 91
BAD_SIGNAL = 11


def program(name, **keys):
    return (f"[program:{name}]\ncommand = /bin/sleep 100000\nstartsecs = 0\nstdout_logfile = NONE\nstderr_logfile = NONE\n"
            + "".join(f"{key} = {value}\n" for key, value in keys.items()))


# ---------------------------------------------------------------- a model

class Model:
    """What supervisord's rules say of five groups: one process each, but for `g`."""

    def __init__(self):
        self.states, self.groups = {}, {}
        for name, autostart in [("a", True), ("b", True), ("c", False), ("d", False)]:
            self.groups[name] = [name], autostart
        self.groups["g"] = ["g1", "g2", "g3"], True
        self.always = {"a", "c"}  # autorestart = true, else false
        for name in self.groups:
            self.states[name] = self.fresh(name)

    def fresh(self, group):
        members, autostart = self.groups[group]
        return {member: "RUNNING" if autostart else "STOPPED" for member in members}

    def config(self):
        text = ""
        for name, (members, autostart) in self.groups.items():
            restart = "true" if name in self.always else "false"
            for member in members:
                text += program(member, autostart=str(autostart).lower(), autorestart=restart)
        return text + "[group:g]\nprograms = g1,g2,g3\n"

    # Each operation returns what the answer must be: a value, or the number of a fault.

    def start(self, group, member):
        if member not in self.states.get(group, {}):
            return BAD_NAME
        if self.states[group][member] == "RUNNING":
            return ALREADY_STARTED
        self.states[group][member] = "RUNNING"
        return True

    def stop(self, group, member):
        if member not in self.states.get(group, {}):
            return BAD_NAME
        if self.states[group][member] != "RUNNING":
            return NOT_RUNNING
        self.states[group][member] = "STOPPED"
        return True

    def kill(self, group, member):
        if member not in self.states.get(group, {}):
            return BAD_NAME
        if self.states[group][member] != "RUNNING":
            return NOT_RUNNING
        if group not in self.always:
            self.states[group][member] = "EXITED"
        return True

    def add(self, group):
        if group not in self.groups:
            return BAD_NAME
        if group in self.states:
            return ALREADY_ADDED
        self.states[group] = self.fresh(group)
        return True

    def remove(self, group):
        if group not in self.states:
            return BAD_NAME
        if "RUNNING" in self.states[group].values():
            return STILL_RUNNING
        del self.states[group]
        return True

    def all_of(self, group, wanted):
        """Starting or stopping a whole group: the names that are told of."""
        if group not in self.states:
            return BAD_NAME
        changed = [member for member, state in self.states[group].items() if (state == "RUNNING") != (wanted == "RUNNING")]
        for member in changed:
            self.states[group][member] = wanted
        return sorted(changed)

    def all(self):
        return {f"{group}:{member}": state for group, members in self.states.items() for member, state in members.items()}


class Driver:
    """Does the same to the model and to the supervisor."""

    def __init__(self, rpc, chance):
        self.rpc, self.chance, self.model = rpc, chance, Model()

    def name(self):
        group = self.chance.choice(["a", "b", "c", "d", "g", "g", "g", "nosuch"])
        members = self.model.groups.get(group, (["x"], 0))[0]
        return group, self.chance.choice(members if self.chance.random() > 0.05 else ["nobody"])

    def ask(self, method, *parameters):
        try:
            return getattr(self.rpc, method)(*parameters)
        except xmlrpc.client.Fault as fault:
            return fault.faultCode

    def step(self):
        """(what was done, what came, what should have)"""
        group, member = self.name()
        name = f"{group}:{member}"
        kind = self.chance.choices(["start", "stop", "kill", "add", "remove", "start group", "stop group", "look", "signal"],
                                   [6, 6, 3, 2, 3, 1, 1, 2, 1])[0]
        if kind == "start":
            return f"start {name}", self.ask("startProcess", name), self.model.start(group, member)
        if kind == "stop":
            return f"stop {name}", self.ask("stopProcess", name), self.model.stop(group, member)
        if kind == "kill":
            return self.kill(group, member, name)
        if kind == "add":
            return f"add {group}", self.ask("addProcessGroup", group), self.model.add(group)
        if kind == "remove":
            return f"remove {group}", self.ask("removeProcessGroup", group), self.model.remove(group)
        if kind in ("start group", "stop group"):
            return self.whole(kind, group)
        if kind == "signal":
            known = member in self.model.states.get(group, {})
            return f"signal {name}", self.ask("signalProcess", name, "NONSENSE"), BAD_SIGNAL if known else BAD_NAME
        return "look", self.look(), self.model.all()

    def kill(self, group, member, name):
        before = self.ask("getProcessInfo", name)
        found, expected = self.ask("signalProcess", name, "KILL"), self.model.kill(group, member)
        if expected is True and found is True:  # it ends when it ends
            wait_until(lambda: self.ended(name, before["pid"]), what=f"the end of {name}")
        return f"kill {name}", found, expected

    def ended(self, name, pid):
        info = self.ask("getProcessInfo", name)
        return info["pid"] != pid and info["statename"] in ("EXITED", "RUNNING")

    def whole(self, kind, group):
        method, wanted = ("startProcessGroup", "RUNNING") if kind == "start group" else ("stopProcessGroup", "STOPPED")
        found = self.ask(method, group)
        if isinstance(found, list):
            assert all(item["status"] == 80 for item in found), found
            found = sorted(item["name"] for item in found)
        return f"{kind} {group}", found, self.model.all_of(group, wanted)

    def look(self):
        return {f"{info['group']}:{info['name']}": info["statename"] for info in self.rpc.getAllProcessInfo()}


def test_random_operations(needs_control, supervise, tmp_path, figure):
    count = int(os.environ.get("FORKSERVER_FAULT_OPERATIONS", scaled(1500)))
    supervisor = supervise(CONTROLLED + Model().config())
    driver = Driver(answering(supervisor, tmp_path / "s"), random.Random(SEED))
    wait_until(lambda: driver.look() == driver.model.all(), what="the beginning")
    fds, history, begun = open_fds(supervisor.pid), [], time.monotonic()
    for _ in range(count):
        done, found, expected = driver.step()
        history.append(done)
        assert found == expected, (f"FORKSERVER_FAULT_SEED={SEED}, after {len(history)} operations", history[-12:])
    figure("operations a second", f"{count / (time.monotonic() - begun):.0f} ({count})")
    assert driver.look() == driver.model.all()
    assert zombies(supervisor.pid) == []
    assert open_fds(supervisor.pid) <= fds + 12  # one program's more or less
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- bytes that mean nothing

def request(body, headers=b""):
    return b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), headers, body)


def call(method, parameters=b""):
    return (b"<?xml version='1.0'?><methodCall><methodName>%s</methodName><params>%s</params></methodCall>"
            % (method, parameters))


STRING = b"<param><value><string>p</string></value></param>"
GOOD = [request(call(b"supervisor.getState")), request(call(b"supervisor.getProcessInfo", STRING)),
        request(call(b"supervisor.readProcessStdoutLog", STRING + 2 * b"<param><value><int>0</int></value></param>")),
        request(call(b"system.multicall", b"<param><value><array><data><value><struct><member><name>methodName</name><value>"
                     b"system.listMethods</value></member></struct></value></data></array></value></param>")),
        b"GET /logtail/p HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic eDp5\r\n\r\n"]
CRAFTED = [request(b"<a>" * 100000), request(b"<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;'>]><methodCall>&c;</methodCall>"),
           request(call(b"x" * 100000)), request(call(b"supervisor.getState", STRING * 10000)), request(b"", b"X: " + b"y" * 1000000 + b"\r\n"),
           b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
           b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
           b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000000\r\n\r\n" + bytes(100000),
           b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx", b"\0" * 100000, b"\r\n" * 50000,
           b"GET /logtail/" + b"%2e%2e%2f" * 5000 + b" HTTP/1.1\r\n\r\n", b"POST /RPC2 HTTP/9.9\r\n\r\n", bytes(range(256)) * 100]


def mutated(chance):
    data = bytearray(chance.choice(GOOD))
    for _ in range(chance.randrange(1, 6)):
        where = chance.randrange(len(data) or 1)
        kind = chance.randrange(5)
        if kind == 0:
            data[where:where + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del data[where:where + chance.randrange(1, 40)]
        elif kind == 2:
            data[where:where] = chance.choice([b"<", b">", b"&", b"\0", b"\xff\xfe", b"]]>", b"%s%n", b"\r\n", b"-", b"9" * 30])
        elif kind == 3:
            piece = bytes(data[where:where + 60])
            data[where:where] = piece * chance.randrange(1, 20)
        else:
            del data[where:]
    return bytes(data)


def throw(path, data):
    """Sends all that is taken and waits for the end."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(DEADLINE)
        sock.connect(path)
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass
        except ConnectionError:
            pass


def latency(path):
    begun = time.monotonic()
    assert control(path).getState()["statename"] == "RUNNING"
    return time.monotonic() - begun


def test_random_requests(needs_control, supervise, tmp_path, figure):
    """Nothing that a client says ends the control process, or the supervisor."""
    supervisor, path, chance = supervise(CONTROLLED + program("p")), str(tmp_path / "s"), random.Random(SEED)
    pid = wait_running(supervisor, "p")
    answering(supervisor, path)
    own, times, thrown = part(supervisor, "control"), [], 0
    for data in CRAFTED + [mutated(chance) for _ in range(scaled(1500))]:
        throw(path, data)
        thrown += 1
        if thrown % 20 == 0:
            times.append(latency(path))
        assert part(supervisor, "control") == own, f"FORKSERVER_FAULT_SEED={SEED}: {data[:2000]!r} has ended it"
    figure("replies: median, most", f"{ms(quantile(times, 0.5))}, {ms(max(times))}")
    figure("memory of control", f"{peak_memory(own) >> 20} MiB")
    assert is_alive(pid)
    assert peak_memory(own) < 128 << 20
    assert supervisor.stop() == 0


def test_half_open(needs_control, supervise, tmp_path, figure):
    """Clients that say half of something and wait: others are answered."""
    supervisor, path = supervise(CONTROLLED + program("p")), str(tmp_path / "s")
    answering(supervisor, path)
    own, clients, refused = part(supervisor, "control"), [], 0
    try:
        for number in range(scaled(1000)):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(DEADLINE)
            clients.append(sock)
            try:
                sock.connect(path)
                sock.send(GOOD[0][:number % 150 + 1])
            except (ConnectionError, BlockingIOError):
                refused += 1
        times = [latency(path) for _ in range(50)]
        figure(f"replies beside {len(clients)} half-open clients: median, most", f"{ms(quantile(times, 0.5))}, {ms(max(times))}")
        figure("refused, part of a CPU", f"{refused}, {is_busy([own, supervisor.pid]):.2f}")
        assert part(supervisor, "control") == own
    finally:
        for sock in clients:
            sock.close()
    assert latency(path) < DEADLINE
    assert supervisor.stop() == 0


def test_control_killed(needs_control, supervise, tmp_path, figure):
    """Another one takes over the same sockets."""
    supervisor, path = supervise(CONTROLLED + program("p")), str(tmp_path / "s")
    pid = wait_running(supervisor, "p")
    answering(supervisor, path)
    times = []
    for _ in range(scaled(10)):
        begun = time.monotonic()
        kill(supervisor.wait_for(lambda: part(supervisor, "control"), "no control"))
        answering(supervisor, path)
        times.append(time.monotonic() - begun)
    figure("answers again after: median, most", f"{ms(quantile(times, 0.5))}, {ms(max(times))}")
    assert is_alive(pid)
    assert supervisor.stop() == 0


def test_slow_reader(needs_control, supervise, tmp_path):
    """A client that asks for much and does not read it holds up nobody."""
    supervisor, path = supervise(CONTROLLED + program("p", numprocs=50, process_name="p%(process_num)d")), str(tmp_path / "s")
    answering(supervisor, path)
    clients = []
    try:
        for _ in range(scaled(20)):
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)
            sock.connect(path)
            clients.append(sock)
            for _ in range(50):
                try:
                    sock.send(request(call(b"supervisor.getAllProcessInfo")))
                except BlockingIOError:
                    break
        for _ in range(20):
            latency(path)
        assert peak_memory(part(supervisor, "control")) < 128 << 20
    finally:
        for sock in clients:
            sock.close()
    assert supervisor.stop() == 0
