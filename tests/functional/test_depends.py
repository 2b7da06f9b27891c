"""depends_on: who waits for whom, and in which order all are stopped."""
import os
import re
import signal
import socket
import xmlrpc.client

from supervisor_util import has_log, is_alive, pids, wait_log, wait_pid, wait_running

HEAD = """[supervisord]
logfile = /dev/null
childlogdir = %(here)s
"""
SLEEP = "/bin/sleep 1000"


def program(name, command=SLEEP, **keys):
    lines = [f"[program:{name}]", f"command = {command}"]
    return "\n".join(lines + [f"{key} = {value}" for key, value in keys.items()]) + "\n"


def order(supervisor, pattern):
    return re.findall(pattern, supervisor.output())


def test_starts_when_all_of_them_run(supervise):
    supervisor = supervise(HEAD + program("a", startsecs=0, depends_on="m, z")
                           + program("m", startsecs=0, depends_on="z")
                           + program("z", startsecs=1, numprocs=2,
                                     process_name="z_%(process_num)d"))
    wait_running(supervisor, "a")
    assert order(supervisor, r"(\w+) entered RUNNING") == ["z_0", "z_1", "m", "a"]
    assert order(supervisor, r"a: (waiting.*)")[0] == "waiting for m"
    assert order(supervisor, r" m: (waiting.*)") == ["waiting for z"]
    assert supervisor.stop() == 0


def test_a_group_as_dependency(supervise):
    supervisor = supervise(HEAD + program("app", startsecs=0, depends_on="store")
                           + program("db", startsecs=1) + program("cache", startsecs=0)
                           + "[group:store]\nprograms = db, cache\n")
    wait_running(supervisor, "app")
    assert order(supervisor, r"(\w+) entered RUNNING") == ["cache", "db", "app"]
    assert supervisor.stop() == 0


def test_a_fatal_dependency_is_named(supervise):
    supervisor = supervise(HEAD + program("app", startsecs=0, depends_on="db")
                           + program("db", "/bin/false", startretries=0))
    wait_log(supervisor, "gave up: db")
    wait_log(supervisor, "app: waiting for db, which is FATAL")
    assert not pids(supervisor, "app")
    assert supervisor.stop() == 0
    assert has_log(supervisor, r"stopped: app \(it had not started yet\)")


def test_nothing_happens_to_dependants_of_what_is_restarted(supervise):
    supervisor = supervise(HEAD + program("app", startsecs=0, depends_on="db")
                           + program("db", startsecs=0))
    app, first = wait_running(supervisor, "app"), pids(supervisor, "db")[0]
    os.kill(first, signal.SIGKILL)
    wait_running(supervisor, "db", 2)
    assert is_alive(app)
    # but its own restart waits
    assert supervisor.stop() == 0
    assert len(pids(supervisor, "app")) == 1


def test_stopped_in_reverse(supervise):
    """Against the order of groups, which would be z, web, db, a."""
    supervisor = supervise(HEAD + program("web", startsecs=0, depends_on="z")
                           + program("db", startsecs=0)
                           + program("z", startsecs=0, depends_on="db")
                           + program("a", startsecs=0, depends_on="web"))
    wait_running(supervisor, "a")
    assert supervisor.stop() == 0
    assert order(supervisor, r"stopped: (\w+)") == ["a", "web", "z", "db"]


def test_stopped_in_reverse_within_a_group(supervise):
    """What is needed is told to stop only when all that need it are gone."""
    slow = "/bin/sh -c \"trap 'sleep 0.3; exit 0' TERM; touch %(here)s/ready; " \
           "while :; do sleep 0.05; done\""
    supervisor = supervise(HEAD + program("db", startsecs=0, priority=1000)
                           + program("app", slow, startsecs=0, priority=1, depends_on="db")
                           + "[group:all]\nprograms = db, app\n")
    wait_running(supervisor, "app")
    supervisor.wait_for((supervisor.log.parent / "ready").exists, "no trap")
    assert supervisor.stop() == 0
    stops = order(supervisor, r"(waiting for \w+ to stop|stopped: \w+)")
    assert stops == ["waiting for app to stop", "stopped: app", "waiting for db to stop",
                     "stopped: db"]


def test_a_second_signal_waits_for_nobody(supervise):
    deaf = "/bin/sh -c \"trap '' TERM; touch %(here)s/ready; while :; do sleep 0.05; done\""
    supervisor = supervise(HEAD + program("db", startsecs=0)
                           + program("app", deaf, startsecs=0, depends_on="db", stopwaitsecs=600))
    wait_running(supervisor, "app")
    supervisor.wait_for((supervisor.log.parent / "ready").exists, "no trap")
    os.kill(supervisor.pid, signal.SIGTERM)
    wait_log(supervisor, "waiting for app to stop")
    os.kill(supervisor.pid, signal.SIGINT)
    assert supervisor.process.wait(60) == 0
    assert not is_alive(pids(supervisor, "app")[0])


def test_stop_before_its_turn(supervise):
    """TERM while most of a chain has not begun."""
    supervisor = supervise(HEAD + program("a", startsecs=600)
                           + program("b", depends_on="a") + program("c", depends_on="b"))
    wait_pid(supervisor, "a")
    wait_log(supervisor, "c: waiting for b")
    assert supervisor.stop() == 0
    assert not pids(supervisor, "b") and not pids(supervisor, "c")


# ---------------------------------------------------------------- on request

def server(supervise, text):
    """The supervisor with an HTTP server, and a client of it."""
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    supervisor = supervise(HEAD + f"[inet_http_server]\nport = 127.0.0.1:{port}\n" + text)
    client = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{port}/RPC2").supervisor

    def answers():
        try:
            return client.getState()
        except OSError:
            return None
    supervisor.wait_for(answers, "no server")
    return supervisor, client


CHAIN = (program("a", startsecs=0) + program("b", startsecs=0, depends_on="a")
         + program("c", startsecs=0, depends_on="b"))


def test_all_are_stopped_in_reverse(supervise):
    supervisor, client = server(supervise, CHAIN)
    wait_running(supervisor, "c")
    assert [row["status"] for row in client.stopAllProcesses()] == [80] * 3
    assert order(supervisor, r"stopped: (\w+)") == ["c", "b", "a"]
    assert [row["status"] for row in client.startAllProcesses(True)] == [80] * 3
    assert order(supervisor, r"(\w+) entered RUNNING") == ["a", "b", "c"] * 2
    # one alone is stopped at once, whoever needs it
    assert client.stopProcess("a") is True
    assert [row["statename"] for row in client.getAllProcessInfo()] == ["STOPPED", "RUNNING",
                                                                         "RUNNING"]
    assert supervisor.stop() == 0


def test_a_group_is_stopped_in_reverse(supervise):
    supervisor, client = server(supervise, CHAIN + "[group:g]\nprograms = a, b, c\n")
    wait_running(supervisor, "c")
    client.stopProcessGroup("g", False)
    wait_log(supervisor, "stopped: a")
    assert order(supervisor, r"stopped: (\w+)") == ["c", "b", "a"]
    assert supervisor.stop() == 0


def test_its_status_says_what_it_waits_for(supervise):
    supervisor, client = server(supervise, program("app", startsecs=0, depends_on="db")
                                + program("db", autostart="false"))
    wait_log(supervisor, "app: waiting for db, which is STOPPED")
    info = client.getProcessInfo("app")
    assert (info["statename"], info["pid"]) == ("STARTING", 0)
    assert info["description"] == "waiting for db, which is STOPPED"
    client.stopProcess("app")
    assert client.getProcessInfo("app")["statename"] == "STOPPED"
    client.startProcess("app", False)
    client.startProcess("db", False)
    wait_running(supervisor, "app")
    assert supervisor.stop() == 0
