"""[fcgi-program:*]: one socket for all processes of a program, as their standard input."""
import os
import pwd
import signal
import socket

import pytest

from conftest import DEADLINE, proc_status, wait_until
from supervisor_util import PYTHON, has_log, kill, pids, wait_log, wait_pid, wait_running

HEAD = """[supervisord]
logfile = /dev/null
childlogdir = %(here)s
"""

SERVER = """
import os, socket
listener = socket.socket(fileno=0)
while True:
    connection, _ = listener.accept()
    connection.sendall(f"{os.getpid()} {sorted(map(int, os.listdir('/proc/self/fd')))[:4]}".encode())
    connection.close()
"""


def fcgi(directory, address, name="app", **keys):
    (directory / "server.py").write_text(SERVER)
    lines = "".join(f"{key} = {value}\n" for key, value in {"startsecs": 0, **keys}.items())
    return (f"[fcgi-program:{name}]\nsocket = {address}\n"
            f"command = {PYTHON} {directory}/server.py\n{lines}")


def ask(path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE)
        connection.connect(str(path))
        return int(connection.makefile().read().split()[0])


def freeze(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: proc_status(pid, "State").startswith("T"), what="the stop")


def test_all_processes_share_it(supervise, tmp_path):
    path = tmp_path / "app.sock"
    supervisor = supervise(HEAD + fcgi(tmp_path, f"unix://{path}", numprocs=2, socket_mode="0720",
                                       process_name="app_%(process_num)d"))
    first, second = wait_running(supervisor, "app_0"), wait_running(supervisor, "app_1")
    assert os.stat(path).st_mode & 0o7777 == 0o720
    freeze(first)
    assert ask(path) == second
    freeze(second)
    os.kill(first, signal.SIGCONT)
    assert ask(path) == first
    os.kill(second, signal.SIGCONT)
    assert supervisor.stop() == 0
    assert not path.exists()
    assert has_log(supervisor, f"Creating socket unix://{path}")
    assert has_log(supervisor, f"Closing socket unix://{path}")


def test_it_outlives_a_process_that_is_replaced(supervise, tmp_path):
    """Who has connected before the replacement is served by it."""
    path = tmp_path / "app.sock"
    supervisor = supervise(HEAD + fcgi(tmp_path, f"unix://{path}", autorestart="true"))
    first = wait_running(supervisor, "app")
    freeze(first)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE)
        connection.connect(str(path))
        kill(first)
        assert int(connection.makefile().read().split()[0]) == wait_pid(supervisor, "app", 2)
    assert supervisor.stop() == 0


def test_closed_when_the_last_has_ended(supervise, tmp_path):
    path = tmp_path / "app.sock"
    supervisor = supervise(HEAD + fcgi(tmp_path, f"unix://{path}", autorestart="false", numprocs=2,
                                       process_name="app_%(process_num)d"))
    first, second = wait_running(supervisor, "app_0"), wait_running(supervisor, "app_1")
    kill(first)
    wait_log(supervisor, "exited: app_0")
    assert ask(path) == second
    kill(second)
    wait_log(supervisor, f"Closing socket unix://{path}")
    assert not path.exists()
    assert supervisor.stop() == 0


def test_tcp_in_a_group(supervise, tmp_path):
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    supervisor = supervise(HEAD + fcgi(tmp_path, f"tcp://127.0.0.1:{port}") +
                           "[group:all]\nprograms = app\n")
    pid = wait_running(supervisor, "app")
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        answer = connection.makefile().read()
    assert answer.startswith(f"{pid} [0, 1, 2,")
    assert supervisor.stop() == 0


def test_somebody_else_lives_there(supervise, tmp_path):
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        supervisor = supervise(HEAD + fcgi(tmp_path, f"unix://{path}", startretries=0))
        wait_log(supervisor, "gave up: app")
        assert has_log(supervisor, f"spawnerr: .*Could not create FastCGI socket unix://{path}: .*")
        assert not pids(supervisor, "app")
        assert supervisor.stop() == 0
        assert path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a socket away")
def test_the_programs_user_owns_it(supervise, tmp_path):
    nobody = pwd.getpwnam("nobody")
    path = tmp_path / "app.sock"
    supervisor = supervise(HEAD + f"[fcgi-program:app]\nsocket = unix://{path}\nuser = nobody\n"
                           "command = /bin/sleep 1000\nstartsecs = 0\n")
    wait_running(supervisor, "app")
    assert (os.stat(path).st_uid, os.stat(path).st_gid) == (nobody.pw_uid, nobody.pw_gid)
    assert supervisor.stop() == 0
