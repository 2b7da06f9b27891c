"""Sockets and systemd: those that it binds for the service, and listeners of ours that it keeps."""
import os

from conftest import wait_until
from test_systemd import MAIN

# Answers "NAME PID" on each socket of LISTEN_FDS.  With an argument: not before that file is there.
SERVER = """
import os, select, socket, sys, time

names = os.environ["LISTEN_FDNAMES"].split(":")
sockets = [socket.socket(fileno=3 + i) for i in range(len(names))]
open("up.%d" % os.getpid(), "w").close()
while sys.argv[1:] and not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
while True:
    for ready in select.select(sockets, [], [])[0]:
        with ready.accept()[0] as connection:
            if connection.recv(1):
                connection.sendall(b"%s %d" % (names[sockets.index(ready)].encode(), os.getpid()))
"""
HTTP = ["127.0.0.1", 8000]
OTHER = ["127.0.0.1", 8001]
UNIX = "/run/forkserver/admin"


def configuration(unit, sockets, arguments="", more=""):
    """Sockets are {name: listen}; one program has them all."""
    unit.machine.write("/opt/shop/server.py", SERVER)
    unit.configure(MAIN + "".join(f"[socket:{name}]\nlisten = {listen}\n" for name, listen in sockets.items()) + f"""
[program:web]
command = /usr/bin/python3 /opt/shop/server.py {arguments}
sockets = {", ".join(sockets)}
startsecs = 0
stopsignal = KILL
stdout_logfile = NONE
stderr_logfile = NONE
""" + more)


def example(unit):
    """The socket unit that comes with the product."""
    source = os.path.join(os.environ["FORKSERVER_SRCDIR"], "systemd/forkserver.socket")
    with open(source, encoding="utf-8") as file:
        unit.socket("forkserver", file.read())


def other_socket(unit, listen, more=""):
    unit.socket("forkserver-admin", f"[Socket]\nListenStream={listen}\nFileDescriptorName=admin\n"
                                    f"Service=forkserver.service\n{more}\n")


def server(unit):
    """The pid of the server."""
    found = [pid for pid, command in unit.processes().items() if "server.py" in command]
    assert len(found) == 1
    return found[0]


def state(unit):
    return unit.show("ActiveState")


# ---------------------------------------------------------------- socket activation

def test_a_connection_starts_it(unit, client):
    """Two socket units, found by their names, whatever the order; nobody is refused, and the first is answered."""
    configuration(unit, {"admin": "systemd:admin", "http": "systemd:http"})
    example(unit)
    other_socket(unit, "/run/forkserver-admin")
    assert state(unit) == "inactive"
    asking = client()
    asking.ask(HTTP)
    said = asking.answer()
    wait_until(lambda: state(unit) == "active", "active")
    pid = server(unit)
    assert said == {"answer": f"http {pid}"}
    asking.ask("/run/forkserver-admin")
    assert asking.answer() == {"answer": f"admin {pid}"}
    assert unit.show("StatusText", "NFileDescriptorStore") == ["1 process: 1 running", "0"]


def test_a_restart_loses_no_connection(unit, client):
    """What comes while the service is down, and while its program is not ready, waits."""
    configuration(unit, {"http": "systemd:http"})
    example(unit)
    asking = client()
    asking.ask(HTTP)
    before = asking.answer()
    configuration(unit, {"http": "systemd:http"}, "go")
    unit.systemctl("stop")
    assert state(unit) == "inactive"
    for _ in range(5):
        asking.ask(HTTP)
    wait_until(lambda: state(unit) == "active", "active")
    unit.systemctl("restart")  # with five in its queue
    asking.ask(HTTP)
    for _ in range(6):
        assert asking.hear() == {"connected": HTTP}
    unit.machine.write(unit.state / "go", "")
    answers = [asking.answer() for _ in range(6)]
    assert answers == [{"answer": f"http {server(unit)}"}] * 6 and before not in answers


def test_a_name_that_there_is_not(unit):
    """The reason is in the journal, with what to do; the unit has failed with our status for it."""
    configuration(unit, {"web": "systemd:web"})
    unit.override("Restart=no")
    example(unit)
    assert unit.systemctl("start", check=False).returncode != 0
    assert unit.show("ActiveState", "Result", "ExecMainStatus") == ["failed", "exit-code", "2"]
    reason = "[socket:web] cannot listen on systemd:web: systemd has passed no socket called web, but: http; " \
             "write FileDescriptorName=web into the .socket unit"
    assert reason in unit.journal()
    assert reason in unit.show("StatusText")


def test_no_socket_unit(unit):
    configuration(unit, {"http": "systemd:http"})
    unit.override("Restart=no")
    assert unit.systemctl("start", check=False).returncode != 0
    assert unit.show("ActiveState", "Result", "ExecMainStatus") == ["failed", "exit-code", "2"]
    assert "systemd has passed no sockets; start the .socket unit, which starts this service" in unit.journal()


# ---------------------------------------------------------------- the store

def stored(unit, number):
    wait_until(lambda: unit.show("NFileDescriptorStore") == str(number), f"{number} fds in the store")


def kill(unit):
    """SIGKILL for the supervisor; returns when it is up again."""
    before = int(unit.show("NRestarts"))
    unit.machine.run("kill", "-KILL", unit.main_pid())
    wait_until(lambda: unit.show("NRestarts", "ActiveState") == [str(before + 1), "active"], "it was started again")


def refused(client, address):
    asking = client()
    asking.ask(address)
    return asking.answer() == {"failed": ["connect", "ECONNREFUSED"]}


def test_killed_under_load(unit, client):
    """Nobody is refused; only a request that the server had taken already may fail, once for each client."""
    configuration(unit, {"http": "tcp://127.0.0.1:8000", "admin": f"unix://{UNIX}"})
    unit.override("RestartSec=2s")
    unit.systemctl("start")
    stored(unit, 2)
    before = server(unit)
    asking = [client("on") for _ in range(4)]
    for index, each in enumerate(asking):
        each.ask(UNIX if index % 2 else HTTP)
    for each in asking:
        assert str(before) in each.answer()["answer"]
    kill(unit)
    after = server(unit)
    for each in asking:
        said = []
        while not any(str(after) in one.get("answer", "") for one in said):
            said.append(each.hear())
        failed = [one["failed"] for one in said + each.finish() if "failed" in one]
        assert len(failed) <= 1 and all(step == "answer" for step, _ in failed), failed
    text = unit.journal()
    assert text.count("comes from systemd's store, with what waits in its queue") == 2, text
    stored(unit, 2)


def test_connections_that_wait(unit, client):
    """They are in the queue when the supervisor is killed, and still there after it."""
    configuration(unit, {"http": "tcp://127.0.0.1:8000", "admin": f"unix://{UNIX}"}, "go")
    unit.systemctl("start")
    stored(unit, 2)
    asking = client()
    for address in (HTTP, UNIX) * 3:
        asking.ask(address)
        assert asking.hear() == {"connected": address}
    kill(unit)
    kill(unit)  # what was taken back is in the store still
    unit.machine.write(unit.state / "go", "")
    pid = server(unit)
    assert sorted(asking.answer()["answer"] for _ in range(6)) == [f"admin {pid}"] * 3 + [f"http {pid}"] * 3


def test_systemctl_restart_and_stop(unit, client):
    """A restart keeps what waits; nothing is left of a stop."""
    configuration(unit, {"http": "tcp://127.0.0.1:8000", "admin": f"unix://{UNIX}"}, "go")
    unit.systemctl("start")
    stored(unit, 2)
    asking = client()
    asking.ask(HTTP)
    assert asking.hear() == {"connected": HTTP}
    unit.systemctl("restart")
    unit.machine.write(unit.state / "go", "")
    assert asking.answer() == {"answer": f"http {server(unit)}"}
    stored(unit, 2)
    unit.systemctl("stop")
    stored(unit, 0)
    assert refused(client, HTTP)
    assert not unit.machine.path(UNIX).exists()


def test_reload_changes_the_store(unit, client):
    configuration(unit, {"http": "tcp://127.0.0.1:8000"})
    unit.systemctl("start")
    stored(unit, 1)
    configuration(unit, {"http": "tcp://127.0.0.1:8000", "other": "tcp://127.0.0.1:8001"})
    unit.systemctl("reload")
    stored(unit, 2)
    configuration(unit, {"other": "tcp://127.0.0.1:8001"})
    unit.systemctl("reload")
    stored(unit, 1)
    assert refused(client, HTTP)
    assert not refused(client, OTHER)


def test_another_configuration_at_the_restart(unit, client):
    """Only what still is what it says is taken back.  The address stays in use until systemd has let go of it: v6only
    makes another socket for the same port."""
    configuration(unit, {"both": "tcp://[::]:8000\nv6only = no", "gone": "tcp://127.0.0.1:8001",
                         "same": "tcp://127.0.0.1:8002"})
    unit.systemctl("start")
    stored(unit, 3)
    configuration(unit, {"both": "tcp://[::]:8000", "renamed": "tcp://127.0.0.1:8002"})
    kill(unit)
    stored(unit, 2)
    assert refused(client, HTTP) and refused(client, OTHER)
    asking = client()
    asking.ask(["127.0.0.1", 8002])
    assert asking.answer() == {"answer": f"renamed {server(unit)}"}
    text = unit.journal()
    assert text.count("comes from systemd's store") == 1
    assert text.count("from systemd's store, is not what the configuration says: closed") == 2


def test_file_of_a_unix_socket_is_gone(unit, client):
    """Nobody could reach the one in the store: another one is bound."""
    configuration(unit, {"admin": f"unix://{UNIX}"})
    unit.systemctl("start")
    stored(unit, 1)
    unit.machine.path(UNIX).unlink()
    kill(unit)
    asking = client()
    asking.ask(UNIX)
    assert asking.answer() == {"answer": f"admin {server(unit)}"}
    stored(unit, 1)


def test_unprivileged_instance(instance, client):
    """The same for a supervisor that is nobody special."""
    path = "/run/forkserver-shop/admin"
    configuration(instance, {"http": "tcp://127.0.0.1:8000", "admin": f"unix://{path}"}, "go")
    instance.systemctl("start")
    stored(instance, 2)
    asking = client()
    for address in (HTTP, path):
        asking.ask(address)
        assert asking.hear() == {"connected": address}
    kill(instance)
    instance.machine.write(instance.state / "go", "")
    pid = server(instance)
    assert sorted(asking.answer()["answer"] for _ in range(2)) == [f"admin {pid}", f"http {pid}"]


def test_a_manager_that_keeps_nothing(unit, client):
    configuration(unit, {"http": "tcp://127.0.0.1:8000"})
    unit.override("FileDescriptorStoreMax=0")
    unit.systemctl("start")
    assert not refused(client, HTTP)
    kill(unit)
    assert not refused(client, HTTP)
    assert unit.show("NFileDescriptorStore") == "0"
