"""Limits of a program: rlimits, nice, the OOM score."""
import os
import re
import resource

import pytest

from supervisor_util import has_log, wait_log, wait_pid, wait_running

HEAD = """[supervisord]
logfile = /dev/null
childlogdir = %(here)s
"""


def raises_limits():
    """Whether this process may raise a hard limit: CAP_SYS_RESOURCE, which even root may lack."""
    with open("/proc/self/status") as status:
        caps = int(re.search(r"^CapEff:\s*(\w+)", status.read(), re.M)[1], 16)
    return bool(caps >> 24 & 1)


def limits_of(pid):
    with open(f"/proc/{pid}/limits") as file:
        return {line[:26].strip(): line[26:68].split() for line in file}


def test_given_and_not_more(supervise):
    before = resource.getrlimit(resource.RLIMIT_NPROC)
    supervisor = supervise(HEAD + """minfds = 100
[program:limited]
command = /bin/sleep 1000
startsecs = 0
rlimit_nofile = 40:50
rlimit_core = 0
rlimit_fsize = 1MB
nice = 5
oom_score_adj = 600
[program:free]
command = /bin/sleep 1000
startsecs = 0
""")
    limited, free = (wait_running(supervisor, name) for name in ["limited", "free"])
    limits = limits_of(limited)
    assert limits["Max open files"] == ["40", "50"]
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max file size"] == [str(1 << 20)] * 2
    assert os.getpriority(os.PRIO_PROCESS, limited) == 5
    with open(f"/proc/{limited}/oom_score_adj") as file:
        assert file.read() == "600\n"
    assert os.getpriority(os.PRIO_PROCESS, free) == os.getpriority(os.PRIO_PROCESS, supervisor.pid)
    assert limits_of(free)["Max open files"] == limits_of(supervisor.pid)["Max open files"]
    assert resource.getrlimit(resource.RLIMIT_NPROC) == before
    assert supervisor.stop() == 0


def test_a_soft_limit_up_to_the_hard_one(supervise, tmp_path):
    """Raised, though the supervisor itself has less."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard != resource.RLIM_INFINITY:
        pytest.skip("the hard limit of core files is too low")
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    try:
        supervisor = supervise(HEAD + """
[program:s]
command = /bin/sleep 1000
startsecs = 0
rlimit_core = infinity
""")
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    assert limits_of(supervisor.pid)["Max core file size"][0] == "0"
    assert limits_of(wait_running(supervisor, "s"))["Max core file size"] == ["unlimited"] * 2
    assert supervisor.stop() == 0


def test_what_may_not_be_raised_is_told(supervise):
    if raises_limits():
        pytest.skip("CAP_SYS_RESOURCE is here: everything may be raised")
    supervisor = supervise("[supervisord]\nlogfile = /dev/null\nchildlogdir = %(here)s\n"
                           f"[program:big]\ncommand = /bin/sleep 1000\nstartretries = 0\n"
                           "rlimit_nofile = 999999999\n"
                           "[program:precious]\ncommand = /bin/sleep 1000\nstartretries = 0\n"
                           "oom_score_adj = -999\n")
    wait_log(supervisor, "gave up: big")
    wait_log(supervisor, "gave up: precious")
    assert has_log(supervisor, r"spawnerr: big: cannot (raise|set) rlimit_nofile to 999999999: .*")
    assert has_log(supervisor, r"spawnerr: precious: cannot set oom_score_adj to -999: "
                               r"Permission denied; .*CAP_SYS_RESOURCE")
    assert supervisor.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start programs as another user")
def test_before_the_user_changes(supervise):
    """What only root may do is done while it still is root."""
    supervisor = supervise(HEAD + """
[program:s]
command = /bin/sleep 1000
startsecs = 0
user = nobody
nice = -3
rlimit_nofile = 100
""")
    pid = wait_running(supervisor, "s")
    assert os.getpriority(os.PRIO_PROCESS, pid) == -3
    assert limits_of(pid)["Max open files"] == ["100", "100"]
    assert supervisor.stop() == 0
