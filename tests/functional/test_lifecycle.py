"""Starts, restarts and ends: what supervisord does, and what its users ask for."""
import os
import re
import signal

import pytest

from conftest import wait_until
from supervisor_util import (PYTHON, has_log, is_alive, kill, pids, probe, told, wait_log,
                             wait_pid, wait_running)

HEAD = """[supervisord]
logfile = /dev/null
childlogdir = %(here)s
loglevel = debug
"""


def lines(supervisor, pattern):
    return re.findall(pattern, supervisor.output())


# ---------------------------------------------------------------- lines that people grep for

def test_words_of_an_expected_and_an_unexpected_stop(supervise):
    supervisor = supervise(HEAD + """
[program:plain]
command = /bin/sleep 1000
startsecs = 0
[program:polite]
command = /bin/sh -c "trap 'exit 0' TERM; touch %(here)s/ready; while :; do sleep 0.05; done"
startsecs = 0
""")
    wait_running(supervisor, "plain")
    wait_running(supervisor, "polite")
    supervisor.wait_for((supervisor.log.parent / "ready").exists, "no trap")
    assert supervisor.stop() == 0
    plain, = lines(supervisor, r"(\w+) stopped: plain (.*)")
    polite, = lines(supervisor, r"(\w+) stopped: polite (.*)")
    assert plain == ("WARN", "(terminated by SIGTERM)")
    assert polite == ("INFO", "(exit status 0)")
    pid = pids(supervisor, "plain")[0]
    assert has_log(supervisor, rf"DEBG killing plain \(pid {pid}\) with signal SIGTERM")


def test_changes_are_told_in_their_order(supervise):
    """A start that fails at once: everything about it stands in the order in which it happened."""
    supervisor = supervise(HEAD + """
[program:none]
command = /nonexistent/program
startretries = 1
""")
    wait_log(supervisor, "gave up: none")
    assert len(lines(supervisor, "spawnerr: can't find command '/nonexistent/program'")) == 2
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- back-off

def stamps(supervisor, pattern):
    found = re.findall(rf"(\d+):(\d+):(\d+),(\d+) \w+ {pattern}", supervisor.output())
    return [int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000 for h, m, s, ms in found]


def test_exponential_backoff(supervise):
    supervisor = supervise(HEAD + """
[program:bad]
command = /bin/false
backoff = exponential
backoff_max = 2
startretries = infinite
""")
    wait_log(supervisor, "exited: bad", 4)
    times = stamps(supervisor, "exited: bad")
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert [round(gap) >= least for gap, least in zip(gaps, [1, 2, 2])] == [True] * 3
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- essential

@pytest.mark.parametrize("script, signum, status", [
    ("exit 3", None, 3), ("exit 0", None, 0), ("exec sleep 1000", signal.SIGKILL, 137)])
def test_an_essential_program_takes_all_with_it(supervise, script, signum, status):
    supervisor = supervise(HEAD + f"""
[program:main]
command = /bin/sh -c "{script}"
startsecs = 0
autorestart = false
essential = true
[program:other]
command = /bin/sleep 1000
startsecs = 0
""")
    if signum:
        os.kill(wait_running(supervisor, "main"), signum)
    assert supervisor.process.wait(60) == status
    assert has_log(supervisor, r"main is essential and has ended for good \(EXITED\): "
                               rf"shutting down, with exit status {status}")
    assert has_log(supervisor, r"stopped: other \((terminated by SIGTERM|it had not started yet)\)")


def test_an_essential_program_that_cannot_start(supervise):
    """It gives up while the others are still being started."""
    supervisor = supervise(HEAD + """
[program:main]
command = /nonexistent
startretries = 0
essential = true
[program:other]
command = /bin/sleep 1000
""")
    assert supervisor.process.wait(60) == 1
    assert has_log(supervisor, r"main is essential and has ended for good \(FATAL\)")
    assert not any(is_alive(pid) for pid in pids(supervisor, "other"))


def test_an_essential_program_that_is_restarted_has_not_ended(supervise):
    supervisor = supervise(HEAD + """
[program:main]
command = /bin/sleep 1000
startsecs = 0
autorestart = true
essential = true
""")
    kill(wait_running(supervisor, "main"))
    wait_running(supervisor, "main", 2)
    assert not has_log(supervisor, "is essential")
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- surroundings

@pytest.mark.parametrize("key, url", [("", None), ("serverurl = http://localhost:1", "http://localhost:1")])
def test_server_url(supervise, tmp_path, key, url):
    supervisor = supervise(HEAD + f"""
[program:probe]
command = {PYTHON} {probe(tmp_path)}
{key}
""")
    assert told(supervisor, tmp_path)["environ"].get("SUPERVISOR_SERVER_URL") == url
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- many, and quickly

def test_a_thousand_at_once(supervise):
    """All are started, and all are stopped; nobody is left."""
    supervisor = supervise(HEAD.replace("debug", "info") + """minfds = 4096
[program:s]
command = /bin/sleep 1000
process_name = s%(process_num)d
numprocs = 1000
startsecs = 0
stdout_logfile = NONE
stderr_logfile = NONE
""")
    wait_log(supervisor, "success: s", 1000)
    assert supervisor.stop() == 0
    spawned = [int(pid) for pid in lines(supervisor, r"with pid (\d+)")]
    assert len(spawned) >= 1000
    assert not any(is_alive(pid) for pid in spawned)


def test_a_storm_of_kills(supervise):
    supervisor = supervise(HEAD + """
[program:s]
command = /bin/sleep 1000
startsecs = 0
autorestart = true
""")
    for i in range(50):
        os.kill(wait_pid(supervisor, "s", i + 1), signal.SIGKILL)
    last = wait_pid(supervisor, "s", 51)
    wait_until(lambda: is_alive(last), what="the last one")
    assert supervisor.stop() == 0
