"""The command line: options that override [supervisord], and the habits of supervisord's name."""
import os
import signal
import subprocess

import pytest

from conftest import DEADLINE, builddir, wait_until
from supervisor_util import is_alive

HEAD = """[supervisord]
logfile = %(here)s/file.log
pidfile = %(here)s/file.pid
"""
SLEEP = "[program:x]\ncommand = /bin/sleep 1000\n"


def run(*arguments, program=None, **options):
    return subprocess.run([program or builddir() / "forkserver", *map(str, arguments)], timeout=DEADLINE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **options)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "x.conf"
    path.write_text(HEAD + SLEEP)
    yield path
    for left in tmp_path.glob("*.pid"):  # of a test that failed
        stop(left)


@pytest.fixture
def supervisord(tmp_path):
    """The program by supervisord's name."""
    path = tmp_path / "supervisord"
    path.symlink_to(builddir() / "forkserver")
    return path


def stop(pidfile):
    pid = int(pidfile.read_text())
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_alive(pid), what="the daemon's end")


def test_options_come_before_the_file(config, tmp_path):
    (tmp_path / "logs").mkdir()
    done = run("--daemon", "-c", config, "-l", tmp_path / "option.log", "--pidfile", tmp_path / "option.pid",
               "-e", "debug", "-d", tmp_path / "logs", "-q", tmp_path / "logs", "-i", "shop", "-m", "077")
    assert done.returncode == 0, done
    pid = int((tmp_path / "option.pid").read_text())
    assert os.readlink(f"/proc/{pid}/cwd") == str(tmp_path / "logs")
    wait_until(lambda: "spawned: 'x'" in (tmp_path / "option.log").read_text(), what="the program")
    stop(tmp_path / "option.pid")
    assert not (tmp_path / "file.log").exists() and not (tmp_path / "file.pid").exists()


WRONG = [
    (["-l", "/no/such/x.log"], "Error: -l: The directory named as part of the path /no/such/x.log does not exist"),
    (["--logfile=/no/such/x"], "Error: --logfile: The directory named"),
    (["-u", "no-such-user"], "Error: -u: Invalid user name no-such-user"),
    (["-m", "9"], "Error: -m: 9 can not be converted to an octal type"),
    (["-d", "/no/such"], "Error: -d: /no/such is not an existing directory"),
    (["-y", "50M"], "Error: -y: invalid literal for int() with base 10: '50M'; write 50MB"),
    (["-z", "many"], "Error: -z: invalid literal for int()"),
    (["-e", "warning"], "Error: -e: 'warning' is none of"),
    (["-j", "/no/such/x"], "Error: -j: The directory named"),
    (["-q", "/no/such"], "Error: -q: /no/such is not an existing directory"),
    (["-a", "x"], "Error: -a: invalid literal"),
    (["--minprocs", "x"], "Error: --minprocs: invalid literal"),
    (["-j", ""], "Error: -j: the value is empty"),
]


@pytest.mark.parametrize("arguments, says", WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_values_are_checked_as_the_files_are(config, arguments, says):
    done = run("--check-config", "-c", config, *arguments)
    assert done.returncode == 2, done
    assert says in done.stderr and "For help, use" in done.stderr


def test_the_name_supervisord_goes_into_the_background(config, tmp_path, supervisord):
    done = run("-c", config, program=supervisord)
    assert done.returncode == 0, done
    pid = int((tmp_path / "file.pid").read_text())
    assert os.getsid(pid) != os.getsid(0)
    stop(tmp_path / "file.pid")


@pytest.mark.parametrize("how", ["option", "file"])
def test_the_name_supervisord_in_the_foreground(config, tmp_path, supervisord, how):
    if how == "file":
        config.write_text(HEAD + "nodaemon = true\n" + SLEEP)
    process = subprocess.Popen([supervisord, "-c", config, *(["-n"] if how == "option" else [])],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if "spawned: 'x'" in line:
                break
        assert process.poll() is None
        assert int((tmp_path / "file.pid").read_text()) == process.pid
    finally:
        process.terminate()
        assert process.wait(DEADLINE) == 0
        process.stdout.close()


def test_the_background_lets_go_of_the_terminal(config, tmp_path):
    """Whoever waits for the end of our output, as ssh(1) does, waits for no process of ours."""
    config.write_text(HEAD + f"[unix_http_server]\nfile = {tmp_path}/x.sock\n" + SLEEP)
    assert run("--daemon", "-c", config).returncode == 0
    stop(tmp_path / "file.pid")


RELATIVE = """directory = srv
childlogdir = .
[unix_http_server]
file = %(here)s/x.sock
[program:named]
command = /bin/sh -c 'echo one; exec sleep 1000'
stdout_logfile = named.log
[program:automatic]
command = /bin/sh -c 'echo two; exec sleep 1000'
"""


def test_relative_logs_of_programs_begin_at_the_directory(config, tmp_path):
    (tmp_path / "srv").mkdir()
    config.write_text(HEAD + RELATIVE)
    done = run("--daemon", "-c", "x.conf", cwd=tmp_path)
    assert done.returncode == 0, done
    wait_until(lambda: (tmp_path / "srv/named.log").exists() and (tmp_path / "srv/named.log").read_text() == "one\n",
               what="the log with a relative name")
    wait_until(lambda: [log.read_text() for log in tmp_path.glob("automatic-stdout---*.log")] == ["two\n"],
               what="the log in a relative childlogdir")
    tail = run("-s", f"unix://{tmp_path}/x.sock", "tail", "named", program=builddir() / "forkserverctl")
    assert tail.stdout == "one\n\n", tail
    stop(tmp_path / "file.pid")


def test_options_and_relative_paths_hold_when_the_file_is_read_again(config, tmp_path):
    """The working directory is another one by then."""
    (tmp_path / "srv").mkdir()
    (tmp_path / "y.env").write_text("WORD=hello\n")
    log = tmp_path / "option.log"
    config.write_text(HEAD + "directory = srv\n" + SLEEP)
    done = run("--daemon", "-c", "x.conf", "-l", "option.log", "-j", "option.pid", cwd=tmp_path)
    assert done.returncode == 0, done
    pid = int((tmp_path / "option.pid").read_text())
    config.write_text(config.read_text() + "[program:y]\ncommand = /bin/sleep 1000\nenv_file = y.env\n")
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: "spawned: 'y'" in log.read_text(), what="the start of what is new")
    assert os.readlink(f"/proc/{pid}/cwd") == str(tmp_path / "srv")
    assert "[supervisord] has changed" not in log.read_text()
    stop(tmp_path / "option.pid")
    assert os.listdir(tmp_path / "srv") == [] and not (tmp_path / "file.log").exists()
