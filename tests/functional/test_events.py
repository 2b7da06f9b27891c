"""Events and event listeners: what is sent, to whom, and what becomes of listeners that misbehave."""
import os
import re
import signal
import time

import pytest

from conftest import proc_status, wait_until
from events_util import HEAD, LISTENER, heard, names, pool, program, wait_event, wait_heard
from oracle_util import package, with_package
from supervisor_util import PYTHON, has_log, is_alive, pids, wait_log, wait_pid, wait_running

STATES = "PROCESS_STATE"


def of(events, process):
    """(name without its prefix, payload behind the groupname) of one process's changes of state."""
    return [(event["headers"]["eventname"][len("PROCESS_STATE_"):], match[1])
            for event in events
            if (match := re.fullmatch(rf"processname:{process} groupname:\S+ (.*)", event["payload"]))]


def settle(supervisor):
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- what is sent

def test_a_life(supervise, tmp_path):
    """All of it, from the first event on, in order, with serials of the supervisor and of the pool."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, buffer_size=1000) +
                           program("once", "/bin/true") +
                           program("wrong", "/bin/sh -c 'exit 3'", exitcodes="0,2") +
                           program("never", "/nonexistent", startretries=1) +
                           program("hasty", "/bin/false", startsecs=100, startretries=1) +
                           program("stays", "/bin/sleep 1000"))
    for name in ["never", "hasty"]:
        wait_event(supervisor, file, "PROCESS_STATE_FATAL", f"processname:{name} ")
    wait_event(supervisor, file, "PROCESS_STATE_RUNNING", "processname:stays ")
    rec, stays = wait_pid(supervisor, "rec"), wait_pid(supervisor, "stays")
    once, wrong = wait_pid(supervisor, "once"), wait_pid(supervisor, "wrong")
    settle(supervisor)
    events = [event for event in heard(file) if not event["headers"]["eventname"].startswith("TICK")]
    assert [int(event["headers"]["serial"]) for event in heard(file)] == list(range(len(heard(file))))
    for event in heard(file):
        headers = event["headers"]
        assert list(headers) == ["ver", "server", "serial", "pool", "poolserial", "eventname", "len"]
        assert (headers["ver"], headers["server"], headers["pool"]) == ("3.0", "supervisor", "rec")
        assert headers["poolserial"] == headers["serial"]
    groups = [event["payload"] for event in events if event["headers"]["eventname"] == "PROCESS_GROUP_ADDED"]
    assert groups == [f"groupname:{name}\n" for name in ["rec", "hasty", "never", "once", "stays", "wrong"]]
    assert names(events)[6] == "SUPERVISOR_STATE_CHANGE_RUNNING"
    assert events[6]["payload"] == ""
    assert of(events, "rec")[:2] == [("STARTING", "from_state:STOPPED tries:0"),
                                     ("RUNNING", f"from_state:STARTING pid:{rec}")]
    assert of(events, "once") == [
        ("STARTING", "from_state:STOPPED tries:0"), ("RUNNING", f"from_state:STARTING pid:{once}"),
        ("EXITED", f"from_state:RUNNING expected:1 pid:{once}")]
    assert of(events, "wrong")[2] == ("EXITED", f"from_state:RUNNING expected:0 pid:{wrong}")
    for name in ["never", "hasty"]:
        assert of(events, name) == [
            ("STARTING", "from_state:STOPPED tries:0"), ("BACKOFF", "from_state:STARTING tries:1"),
            ("STARTING", "from_state:BACKOFF tries:1"), ("BACKOFF", "from_state:STARTING tries:2"),
            ("FATAL", "from_state:BACKOFF")]
    assert of(events, "stays")[2:] == [("STOPPING", f"from_state:RUNNING pid:{stays}"),
                                       ("STOPPED", f"from_state:STOPPING pid:{stays}")]
    assert names(events)[-3:] == ["SUPERVISOR_STATE_CHANGE_STOPPING", "PROCESS_STATE_STOPPING",
                                  "PROCESS_STATE_STOPPED"]


def test_restarts(supervise, tmp_path):
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, events=STATES, buffer_size=1000) +
                           program("again", f"/bin/sh -c 'echo x >>{tmp_path}/n; test $(wc -l <{tmp_path}/n) -ge 4'",
                                   autorestart="unexpected"))
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", "processname:again groupname:again from_state:RUNNING "
               "expected:1")
    settle(supervisor)
    spawned = pids(supervisor, "again")
    assert len(spawned) == 4
    want, before = [], "STOPPED"
    for i, pid in enumerate(spawned):
        want += [("STARTING", f"from_state:{before} tries:0"), ("RUNNING", f"from_state:STARTING pid:{pid}"),
                 ("EXITED", f"from_state:RUNNING expected:{int(i == 3)} pid:{pid}")]
        before = "EXITED"
    assert of(heard(file), "again") == want


def test_subscriptions(supervise, tmp_path):
    """By type and by parent; serials are counted by what was sent, pool serials by what the pool got."""
    one, two, none = tmp_path / "one", tmp_path / "two", tmp_path / "none"
    supervisor = supervise(HEAD + pool("one", one, events="PROCESS_STATE_EXITED,SUPERVISOR_STATE_CHANGE") +
                           pool("two", two, events="process_state_running, PROCESS_STATE, PROCESS_STATE_EXITED") +
                           pool("zero", none, events="REMOTE_COMMUNICATION") +
                           program("once", "/bin/true"))
    exited = wait_event(supervisor, one, "PROCESS_STATE_EXITED")[0]
    same = wait_event(supervisor, two, "PROCESS_STATE_EXITED")[0]
    wait_running(supervisor, "zero")
    settle(supervisor)
    assert names(heard(one)) == ["SUPERVISOR_STATE_CHANGE_RUNNING", "PROCESS_STATE_EXITED",
                                 "SUPERVISOR_STATE_CHANGE_STOPPING"]
    assert exited["headers"]["serial"] == same["headers"]["serial"]
    assert exited["headers"]["poolserial"] == "1"
    assert [int(event["headers"]["poolserial"]) for event in heard(two)] == list(range(len(heard(two))))
    assert names(heard(two)).count("PROCESS_STATE_EXITED") == 1  # although two of its lines match
    assert not [name for name in names(heard(two)) if not name.startswith("PROCESS_STATE_")]
    assert heard(none) == []


def test_nobody_listens(supervise, tmp_path):
    supervisor = supervise(HEAD + program("once", "/bin/true"))
    wait_log(supervisor, "exited: once")
    settle(supervisor)
    assert not has_log(supervisor, "event")


def test_tick(supervise, tmp_path):
    """On the wall clock's multiples of five seconds."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, events="TICK_5"))
    started = time.time()
    tick = wait_event(supervisor, file, "TICK_5")[0]
    now = time.time()
    when = int(re.fullmatch(r"when:(\d+)", tick["payload"])[1])
    assert when % 5 == 0
    assert started < when + 5 and when <= now
    settle(supervisor)


# ---------------------------------------------------------------- listeners that do not do well

def test_death_while_busy(supervise, tmp_path):
    """The event is the next one for its successor; nothing is lost, nothing overtakes it."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, "ok", "die", "ok", "die", "die", events=STATES) +
                           program("a", "/bin/true") + program("b", "/bin/true"))
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", "processname:b ")
    wait_heard(supervisor, file, lambda found: len(of(found, "rec")) >= 8 + 3, "news of the deaths")
    settle(supervisor)
    serials = [int(event["headers"]["serial"]) for event in heard(file)]
    assert serials[:7] == [0, 1, 1, 2, 2, 2, 3]
    assert [serial for i, serial in enumerate(serials) if serial not in serials[:i]] == list(range(max(serials) + 1))
    assert has_log(supervisor, r"DEBG rebuffering event 1 for pool rec \(buf size=\d+, max=100\)")
    assert not has_log(supervisor, "overflowed")


def test_result_before_death(supervise, tmp_path):
    """What it said last counts: the event is not sent again."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, "last", "last", events=STATES) + program("a", "/bin/true"))
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", "processname:a ")
    settle(supervisor)
    serials = [int(event["headers"]["serial"]) for event in heard(file)]
    assert serials == list(range(len(serials)))
    assert not has_log(supervisor, "rebuffering")


@pytest.mark.parametrize("deed", ["fail", "empty"])
def test_rejected(supervise, tmp_path, deed):
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, "ok", deed, deed, events=STATES) + program("a", "/bin/true"))
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", "processname:a ")
    settle(supervisor)
    events = heard(file)
    assert [int(event["headers"]["serial"]) for event in events[:5]] == [0, 1, 1, 1, 2]
    assert events[1]["headers"] == events[2]["headers"] and events[1]["payload"] == events[2]["payload"]
    assert len(wait_log_text(supervisor, "WARN rec: event was rejected")) == 2
    assert has_log(supervisor, "DEBG rec: BUSY -> ACKNOWLEDGED")
    assert not has_log(supervisor, "UNKNOWN")


def wait_log_text(supervisor, text):
    return [line for line in supervisor.output().splitlines() if text in line]


UNKNOWN = ("has entered the UNKNOWN state and will no longer receive events, this usually indicates the process "
           "violated the eventlistener protocol")


@pytest.mark.parametrize("deed,line", [("garbage", "bad result line: 'what is this?'"),
                                       ("binary", "bad result line: 'Undecodable: b'RESULT \\xff\\x00''"),
                                       ("spurious", "")])
def test_violation(supervise, tmp_path, deed, line):
    """Its event goes to another, and it gets no more, until it is started again."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, "ok", deed, events=STATES, numprocs=2, autorestart="true") +
                           program("a", "/bin/true"))
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", "processname:a ")
    wait_log(supervisor, re.escape(UNKNOWN))
    bad = wait_log(supervisor, rf"WARN (rec_\d): {UNKNOWN}")[0][1]
    if line:
        assert f"WARN {bad}: {line}" in supervisor.output()
        assert has_log(supervisor, f"DEBG {bad}: BUSY -> UNKNOWN")
    serials = sorted({int(event["headers"]["serial"]) for event in heard(file)})
    assert serials == list(range(len(serials)))
    victim = pids(supervisor, bad)[0]
    mine = [event for event in heard(file) if event["pid"] == victim]
    assert mine[-1] == heard(file)[1]
    os.kill(victim, signal.SIGKILL)
    wait_pid(supervisor, bad, 2)
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", f"processname:{bad} ")
    wait_event(supervisor, file, "PROCESS_STATE_RUNNING", f"processname:{bad} ", 2)
    settle(supervisor)


def test_noise_at_first(supervise, tmp_path):
    """A program that is no listener at all."""
    supervisor = supervise(HEAD + f"""
[eventlistener:rec]
command = /bin/sh -c 'echo I am ready; exec sleep 1000'
events = EVENT
startsecs = 0
stdout_logfile = {tmp_path}/said
""")
    wait_log(supervisor, re.escape(f"rec: {UNKNOWN}"))
    assert has_log(supervisor, "DEBG rec: ACKNOWLEDGED -> UNKNOWN")
    wait_until(lambda: (tmp_path / "said").read_text() == "I am ready\n", what="its log")
    settle(supervisor)


def test_no_answer(supervise, tmp_path):
    """One that never answers keeps its event; the others go on, and so does the supervisor."""
    stuck, fine = tmp_path / "stuck", tmp_path / "fine"
    supervisor = supervise(HEAD + pool("stuck", stuck, "hang", events=STATES, buffer_size=3) +
                           pool("fine", fine, events=STATES) +
                           "".join(program(f"p{i}", "/bin/true") for i in range(5)))
    wait_event(supervisor, fine, "PROCESS_STATE_EXITED", count=5)
    had = wait_heard(supervisor, stuck, lambda found: found, "an event for the other")
    lost = [int(match[1]) for match in
            wait_log(supervisor, r"ERRO pool stuck event buffer overflowed, discarding event (\d+)$")]
    # the oldest first, but not the one that is at work
    assert lost == [serial for serial in range(lost[-1] + 1) if serial != int(had[0]["headers"]["serial"])]
    assert heard(stuck) == had
    settle(supervisor)
    assert has_log(supervisor, "stuck: has not handled all of its events in 3 s")


def test_hanging_one_of_two(supervise, tmp_path):
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, "hang", events=STATES, numprocs=2) +
                           program("a", "/bin/true") + program("b", "/bin/true"))
    for name in "ab":
        wait_event(supervisor, file, "PROCESS_STATE_EXITED", f"processname:{name} ")
    assert len({event["pid"] for event in heard(file)[1:]}) == 1
    supervisor.kill()


def test_flood(supervise, tmp_path):
    """Ten thousand million bytes of result: counted, not kept; others are served meanwhile."""
    flooding, fine = tmp_path / "flooding", tmp_path / "fine"
    supervisor = supervise(HEAD + pool("flooding", flooding, "flood", events=STATES, stdout_logfile="NONE") +
                           pool("fine", fine, events=STATES) +
                           program("again", f"/bin/sh -c 'echo x >>{tmp_path}/n; test $(wc -l <{tmp_path}/n) -ge 30'",
                                   autorestart="unexpected"))
    flooder = wait_pid(supervisor, "flooding")
    wait_event(supervisor, fine, "PROCESS_STATE_EXITED", "processname:again ", 30)

    def written():
        with open(f"/proc/{flooder}/io") as file:
            return int(dict(line.split(": ") for line in file)["wchar"])

    supervisor.wait_for(lambda: written() > 50e6, "the flood")
    assert int(proc_status(supervisor.pid, "VmRSS").split()[0]) < 50000  # kB
    assert is_alive(flooder)
    os.kill(flooder, signal.SIGKILL)
    wait_event(supervisor, fine, "PROCESS_STATE_EXITED", "processname:flooding ")
    wait_heard(supervisor, flooding, lambda found: len(found) >= 2, "the event once more")
    assert heard(flooding)[1]["headers"] == heard(flooding)[0]["headers"]
    settle(supervisor)


def test_pool_of_three(supervise, tmp_path):
    """Three events are with three processes at the same time."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, *["together"] * 3, events=STATES, numprocs=3) +
                           program("a", "/bin/true"))
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", "processname:a ")
    settle(supervisor)
    assert len({event["pid"] for event in heard(file)[:3]}) == 3
    assert sorted(int(event["headers"]["serial"]) for event in heard(file)[:3]) == [0, 1, 2]


def test_trickle(supervise, tmp_path):
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, *["trickle"] * 3, events=STATES) + program("a", "/bin/true"))
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", "processname:a ")
    settle(supervisor)
    serials = [int(event["headers"]["serial"]) for event in heard(file)]
    assert serials == list(range(len(serials)))


def test_closed_input(supervise, tmp_path):
    """An event that cannot be written goes to another process."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, "deaf", events=STATES, numprocs=2) +
                           program("a", "/bin/true") + program("b", "/bin/true"))
    for name in "ab":
        wait_event(supervisor, file, "PROCESS_STATE_EXITED", f"processname:{name} ")
    serials = sorted(int(event["headers"]["serial"]) for event in heard(file))
    assert serials == list(range(len(serials)))
    assert has_log(supervisor, r"DEBG epipe occurred while sending event \d+ to listener rec_\d, "
                               "listener state unchanged")
    settle(supervisor)


def test_listeners_log(supervise, tmp_path):
    """What a listener says on its standard output is in its log as well; its standard error is like any other."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, "ok", "fail", events="SUPERVISOR_STATE_CHANGE",
                                       stdout_logfile=f"{tmp_path}/out", stderr_logfile=f"{tmp_path}/err"))
    wait_heard(supervisor, file, lambda found: len(found) >= 1, "the first event")
    settle(supervisor)
    said = "READY\nRESULT 2\nOKREADY\nRESULT 4\nFAILREADY\nRESULT 2\nOK"
    assert (tmp_path / "out").read_text() in (said, said + "READY\n")  # it is ended when it has said OK
    assert (tmp_path / "err").read_text() == ""


# ---------------------------------------------------------------- another configuration

def reconfigure(supervisor, tmp_path, text):
    (tmp_path / "forkserver-0.conf").write_text(text)
    supervisor.process.send_signal(signal.SIGHUP)


def test_other_subscriptions(supervise, tmp_path):
    """A pool takes what may change without a restart: its processes, and what waits for them, stay."""
    file = tmp_path / "heard"
    supervisor = supervise(HEAD + pool("rec", file, events="SUPERVISOR_STATE_CHANGE"))
    wait_event(supervisor, file, "SUPERVISOR_STATE_CHANGE_RUNNING")
    reconfigure(supervisor, tmp_path, HEAD + pool("rec", file, events=STATES, buffer_size=5) +
                program("once", "/bin/true"))
    wait_event(supervisor, file, "PROCESS_STATE_EXITED", "processname:once ")
    settle(supervisor)
    assert len(pids(supervisor, "rec")) == 1
    assert "SUPERVISOR_STATE_CHANGE_STOPPING" not in names(heard(file))


def test_pools_come_and_go(supervise, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    supervisor = supervise(HEAD + pool("rec", one, "ok", "hang", events=f"{STATES},PROCESS_GROUP"))
    wait_heard(supervisor, one, lambda found: len(found) == 2, "two events, one of them unanswered")
    reconfigure(supervisor, tmp_path, HEAD + pool("other", two, events=f"{STATES},PROCESS_GROUP", numprocs=2))
    wait_event(supervisor, two, "PROCESS_GROUP_ADDED", "groupname:other\n")
    wait_event(supervisor, two, "PROCESS_STATE_RUNNING", "processname:other_", 2)
    reconfigure(supervisor, tmp_path, HEAD + pool("other", two, events=f"{STATES},PROCESS_GROUP", numprocs=3) +
                program("once", "/bin/true"))
    wait_event(supervisor, two, "PROCESS_STATE_RUNNING", "processname:other_2 ")
    wait_event(supervisor, two, "PROCESS_STATE_EXITED", "processname:once ")
    settle(supervisor)


# ---------------------------------------------------------------- listeners of others

@pytest.mark.skipif(package() is None, reason="the Python package supervisor is not installed")
def test_crashmail(supervise, tmp_path):
    """A listener in the style of superlance's, on supervisor.childutils."""
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat >{tmp_path}/mail.tmp; mv {tmp_path}/mail.tmp {tmp_path}/mail\n")
    sendmail.chmod(0o755)
    supervisor = supervise(HEAD + f"""
[eventlistener:crashmail]
command = {PYTHON} {LISTENER.with_name("crashmail.py")} {sendmail}
events = PROCESS_STATE
stderr_logfile = {tmp_path}/err
buffer_size = 100
""" + program("fine", "/bin/true") + program("wrong", "/bin/sh -c 'exit 3'"), env=with_package({}))
    mail = supervisor.wait_file(tmp_path / "mail")
    assert mail.startswith("Subject: [wrong]: PROCESS_STATE_EXITED at 1970\n\n")
    pid = wait_pid(supervisor, "wrong")
    assert mail.endswith(f"Process wrong in group wrong exited unexpectedly (pid {pid}) from state RUNNING")
    settle(supervisor)
    assert "mailing" in (tmp_path / "err").read_text()
    assert not has_log(supervisor, "UNKNOWN|rejected|overflowed")
