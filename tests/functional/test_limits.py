"""Limits of a program: rlimits, nice, the OOM score."""
import os
import pathlib
import re
import resource

import pytest

from conftest import children, proc_status, wait_until
from supervisor_util import has_log, is_alive, pids, wait_log, wait_running

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


# ---------------------------------------------------------------- memory, by cgroup

def memory_cgroup(pid):
    """The directory of a process's cgroup of version 1 or 2 with a limit on memory, or None."""
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        root = "/sys/fs/cgroup" if controllers == "" else f"/sys/fs/cgroup/{controllers}"
        for file in ["memory.limit_in_bytes", "memory.max"]:
            if (pathlib.Path(root + path) / file).exists():
                return pathlib.Path(root + path)
    return None


def limit_of(cgroup):
    for file in ["memory.limit_in_bytes", "memory.max"]:
        if (cgroup / file).exists():
            return int((cgroup / file).read_text())
    return None


def unavailable(supervisor):
    if has_log(supervisor, "memory_max is not available here"):
        assert supervisor.stop() == 0
        pytest.skip("no cgroup with a memory controller can be made here")


EATER = """
import sys
held = [bytearray(1 << 20) for _ in range(4)]
open(sys.argv[1], "w").close()
sys.stdin.read(1)
while True:
    held.append(bytearray(b"x" * (1 << 20)))
    if len(held) > 400:
        sys.exit(5)
"""


def test_memory(supervise, tmp_path):
    (tmp_path / "eater.py").write_text(EATER)
    supervisor = supervise(HEAD + f"""
[program:eater]
command = /usr/bin/python3 {tmp_path}/eater.py {tmp_path}/ready
memory_max = 64MB
startsecs = 0
autorestart = false
stopasgroup = true
[program:modest]
command = /bin/sleep 1000
memory_max = 32MB
startsecs = 0
[program:greedy]
command = /usr/bin/python3 -c "x = bytearray(b'x' * (100 << 20)); import time; time.sleep(1000)"
memory_max = 32MB
startsecs = 1
startretries = 0
""")
    pid = wait_running(supervisor, "eater")
    unavailable(supervisor)
    cgroup = memory_cgroup(pid)
    assert cgroup.name == "eater:eater"
    assert limit_of(cgroup) == 64 << 20
    assert memory_cgroup(wait_running(supervisor, "modest")).name == "modest:modest"
    assert limit_of(memory_cgroup(pids(supervisor, "modest")[0])) == 32 << 20
    wait_log(supervisor, r"exited: greedy \(terminated by SIGKILL; not expected\)")
    assert is_alive(pid)
    own = memory_cgroup(supervisor.pid)
    assert own.name not in ["eater:eater", "modest:modest"]
    assert supervisor.stop() == 0
    assert not cgroup.exists()
    assert not (cgroup.parent.name.startswith("forkserver.") and cgroup.parent.exists())


ESCAPED = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for i in range(50):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            with open(f"{sys.argv[1]}/pid{i}.tmp", "w") as file:
                file.write(str(os.getpid()))
            os.rename(f"{sys.argv[1]}/pid{i}.tmp", f"{sys.argv[1]}/pid{i}")
            while True:
                signal.pause()
        os._exit(0)
for _ in range(50):
    os.wait()
while True:
    signal.pause()
"""


def test_kill_of_what_has_left_the_group(supervise, tmp_path):
    """Fifty daemons that ignore TERM, each with a session of its own."""
    (tmp_path / "escaped.py").write_text(ESCAPED)
    supervisor = supervise(HEAD + f"""
[program:parent]
command = /usr/bin/python3 {tmp_path}/escaped.py {tmp_path}
memory_max = 512MB
killasgroup = true
stopwaitsecs = 1
startsecs = 0
""")
    wait_running(supervisor, "parent")
    unavailable(supervisor)
    daemons = [int(supervisor.wait_file(tmp_path / f"pid{i}")) for i in range(50)]
    assert all(is_alive(pid) for pid in daemons)
    assert supervisor.stop() == 0
    wait_until(lambda: not any(is_alive(pid) for pid in daemons), what="the end of the daemons")


# ---------------------------------------------------------------- workers

APPLICATION = "import signal\ndef serve():\n    while True:\n        signal.pause()\n"


def worker(directory, keys):
    (directory / "app.py").write_text(APPLICATION)
    return (HEAD + f"[zygote:z]\npython = /usr/bin/python3\npreload = app\npath = {directory}\n"
            f"[program:w]\nzygote = z\ncommand = app:serve\nstartsecs = 0\n{keys}\n")


def test_of_a_worker(supervise, tmp_path):
    """Set while it waits at its gate; its zygote has none of them."""
    supervisor = supervise(worker(tmp_path, "nice = 4\nrlimit_nofile = 77\n"
                                            "oom_score_adj = 500\nmemory_max = 256MB"))
    pid = wait_running(supervisor, "w")
    assert limits_of(pid)["Max open files"] == ["77", "77"]
    assert os.getpriority(os.PRIO_PROCESS, pid) == 4
    assert pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text() == "500\n"
    zygote, = [child for child in children(supervisor.pid)
               if (proc_status(child, "Name") or "").startswith("zygote")]
    assert os.getpriority(os.PRIO_PROCESS, zygote) == os.getpriority(os.PRIO_PROCESS,
                                                                     supervisor.pid)
    unavailable(supervisor)
    assert limit_of(memory_cgroup(pid)) == 256 << 20
    assert limit_of(memory_cgroup(zygote)) != 256 << 20
    assert supervisor.stop() == 0


def test_a_worker_that_cannot_have_them(supervise, tmp_path):
    if raises_limits():
        pytest.skip("CAP_SYS_RESOURCE is here: everything may be raised")
    supervisor = supervise(worker(tmp_path, "oom_score_adj = -999\nstartretries = 0"))
    wait_log(supervisor, "gave up: w")
    assert has_log(supervisor, "spawnerr: w: cannot set oom_score_adj to -999")
    assert not pids(supervisor, "w")
    assert supervisor.stop() == 0
