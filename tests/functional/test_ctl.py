"""forkserverctl beside the real supervisorctl: the same commands to the same supervisord, the same words and statuses."""
import json
import os
import re
import subprocess
import sys

import pytest

import oracle_side
import oracle_util
from conftest import builddir, wait_until

pytestmark = pytest.mark.skipif(oracle_util.package() is None, reason="no package supervisor")

# supervisord's children can lose a SIGTERM before they exec: it is not to wait 10 s then.
CONFIG = """[unix_http_server]
file = {0}/s
{1}
[supervisord]
logfile = {0}/main.log
pidfile = {0}/pid
childlogdir = {0}
nodaemon = true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl = unix://{0}/s
{1}
[program:cat]
stopwaitsecs = 1
command = cat
startsecs = 0
[program:say]
stopwaitsecs = 1
command = sh -c 'echo one; echo two >&2; exec sleep 1000'
startsecs = 0
[program:many]
stopwaitsecs = 1
command = sleep 1000
process_name = %(program_name)s_%(process_num)d
numprocs = 3
startsecs = 0
[program:none]
command = /nonexistent
autostart = false
[program:off]
stopwaitsecs = 1
command = sleep 1000
autostart = false
startsecs = 0
"""

# Lines of words; those of one case run one after the other.
SAME = [
    "status", "status cat", "status many:*", "status many:many_1 cat cat", "status nix", "status nix:* cat", "status all",
    "avail", "avail x", "version", "version x", "pid cat nix", "pid off", "pid nix", "reread", "reread x", "update",
    "update nix", "update all", "add cat", "add nix", "add", "remove cat", "remove nix", "remove",
    "start", "start cat", "start nix", "start nix:*", "start none", "start none many:*", "start all",
    "stop", "stop nix", "stop nix:", "stop off", "signal", "signal HUP", "signal NIX cat", "signal 28 cat off",
    "signal WINCH all", "signal WINCH many:*", "signal SIGWINCH nix:*", "signal WINCH nix:x",
    "restart", "restart cat", "restart many:* nix", "stop many:*|status many:*|start many:many_0 many:many_2|status many:*|start many:*",
    "stop all|status|start all|status", "stop cat|remove cat|status cat|avail|add cat|status cat",
    "tail", "tail a b c d", "tail say", "tail say stderr", "tail say STDERR", "tail say xx", "tail -f", "tail -x say",
    "tail -2 say", "tail nix", "tail -5 say stderr", "maintail x", "maintail -x", "maintail -0 x", "clear", "clear say|tail say",
    "clear cat nix", "clear all|tail say", "open x", "open unix:///nonexistent", "fg", "fg nix", "fg off", "fg a b",
    "nix", "", "?start", "!ls", ":x", "shutdown x", "help start", "help nix", "exit", "quit", "EOF",
] + [f"help {name}" for name in ("add avail clear exit fg maintail open pid quit remove reread restart shutdown "
                                 "signal start status stop tail update version help").split()]


class Server:
    def __init__(self, directory, more=""):
        self.directory, self.config = directory, directory / "c.conf"
        self.config.write_text(CONFIG.format(directory, more))
        self.env = oracle_util.with_package({**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"})
        self.warm = oracle_side.Ctl(self.env)
        self.process = subprocess.Popen([*oracle_util.original(), "-c", self.config], env=self.env, cwd=directory,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: "say  " in self.run(self.ours(), "status say")[1], what="supervisord")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.warm.close()

    @staticmethod
    def original():
        return [sys.executable, "-m", "supervisor.supervisorctl"]

    @staticmethod
    def ours():
        return [str(builddir() / "forkserverctl")]

    def run(self, program, line, *options, stdin=subprocess.DEVNULL):
        if program == self.original() and line is not None:
            status, text = self.warm(["-c", self.config, *options, *line.split(" ")])
            return status, self.normal(text)
        done = subprocess.run([*program, "-c", self.config, *options, *line.split(" ")] if line is not None else
                              [*program, "-c", self.config, *options], env=self.env, cwd=self.directory, text=True,
                              capture_output=True, timeout=60, check=False, **({"input": stdin} if isinstance(stdin, str)
                                                                               else {"stdin": stdin}))
        return done.returncode, self.normal(done.stdout)

    @staticmethod
    def normal(text):
        text = re.sub(r"uptime [\d:]+", "uptime T", text)
        return re.sub(r"pid \d+", "pid N", re.sub(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "DATE", text))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("ctl"))
    yield server
    server.stop()


def settle(server):
    """Every case begins with the same state."""
    for line in ("add cat", "start cat say many:* off none", "stop off"):
        server.run(server.ours(), line)
    if "one" not in server.run(server.ours(), "tail say")[1]:
        server.run(server.ours(), "restart say")
        wait_until(lambda: "one" in server.run(server.ours(), "tail say")[1], what="its output")


@pytest.mark.parametrize("lines", SAME, ids=lambda lines: lines.replace("|", "; ") or "nothing")
def test_same_words(server, lines):
    answers = []
    for program in (server.original(), server.ours()):
        settle(server)
        answers.append([server.run(program, line) for line in lines.split("|")])
    if "all" in lines or "*" in lines:  # supervisord answers in the order in which it notices
        answers = [[(status, sorted(text.splitlines())) for status, text in answer] for answer in answers]
    assert answers[1] == answers[0]


def test_same_words_in_the_shell(server):
    settle(server)
    text = "status cat\n\nstart\nhelp stop\nnix\nquit\n"
    theirs, ours = (server.run(program, None, stdin=text) for program in (server.original(), server.ours()))
    assert ours == theirs
    # supervisorctl documents -i after an action, but ends without a shell
    assert server.run(server.ours(), "-i pid off", stdin="")[1].startswith("0\ncat ")


@pytest.mark.parametrize("url", ["unix:///nonexistent/s", "http://127.0.0.1:1", "nix://x"])
@pytest.mark.parametrize("line", ["status", "start x", "stop all"])
def test_nobody_answers(server, url, line):
    theirs, ours = (server.run(program, line, "-s", url) for program in (server.original(), server.ours()))
    if url.startswith("nix"):
        assert ours[0] == 2 and theirs[0] == 1  # a traceback
    else:
        assert ours == theirs


def test_json(server):
    settle(server)
    status, text = server.run(server.ours(), "status cat nix", "--json")
    infos = json.loads(text)
    assert status == 4 and [info["name"] for info in infos] == ["cat"] and infos[0]["statename"] == "RUNNING"
    status, text = server.run(server.ours(), "start cat none nix", "--json")
    assert [(answer["name"], answer["result"]) for answer in json.loads(text)] == [
        ("cat", "already started"), ("none", "no such file"), ("nix", "no such process")]
    status, text = server.run(server.ours(), "avail", "--json")
    assert status == 0 and {"many_0", "cat"} <= {config["name"] for config in json.loads(text)}
    assert json.loads(server.run(server.ours(), "version", "--json")[1])[0]["version"]


@pytest.mark.parametrize("line", ["rotate", "reload many", "deploy many --set preload=x", "history", "history 3"])
def test_needs_a_forkserver(server, line):
    status, text = server.run(server.ours(), line)
    assert status == 3 and "is not a forkserver" in text


@pytest.mark.parametrize("line", ["reload --no-wait", "reload -x many", "deploy", "deploy --set a=b", "deploy x y", "deploy x --set",
                                  "deploy x --set =b", "deploy x --set a", "deploy x --sets a=b"])
def test_reload_and_deploy_refuse_what_they_do_not_know(server, line):
    """Above all, none of these restarts the supervisor."""
    status, text = server.run(server.ours(), line)
    assert status == 2 and text.startswith("Error: ") and f"{line.split()[0]} <" in text
    assert server.run(server.ours(), "status cat")[0] == 0 and server.process.poll() is None


def test_the_address_comes_from_the_server_section(server):
    file = server.directory / "short.conf"
    file.write_text(f"[unix_http_server]\nfile = {server.directory}/s\n[program:x]\nuser = no-such-user\n")
    done = subprocess.run([*server.ours(), "-c", file, "pid"], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(server.process.pid), done.stderr


def test_password(tmp_path):
    server = Server(tmp_path, "username = me\npassword = secret\n")
    try:
        file = tmp_path / "short.conf"
        file.write_text(f"[unix_http_server]\nfile = {tmp_path}/s\nusername = me\npassword = secret\n")
        for arguments, good in ((["-c", file], True), (["-c", server.config], True),
                                (["-c", server.config, "-p", "wrong"], False),
                                (["-s", f"unix://{tmp_path}/s", "-u", "me", "-p", "secret"], True)):
            done = subprocess.run([*server.ours(), *arguments, "version"], capture_output=True, text=True, check=False)
            assert ("requires authentication" not in done.stdout) == good and (done.returncode == 0) == good, arguments
    finally:
        server.stop()


def test_follow_and_foreground(server):
    settle(server)
    with subprocess.Popen([*server.ours(), "-c", server.config, "fg", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as fg:
        assert fg.stdout.readline() == "==> Press Ctrl-C to exit <==\n"
        fg.stdin.write("a line of mine\n")
        fg.stdin.flush()
        while (line := fg.stdout.readline()) != "a line of mine\n":
            assert line
        fg.stdin.close()
        assert fg.stdout.read().endswith("Exiting foreground\n")
    assert fg.returncode == 0
    with subprocess.Popen([*server.ours(), "-c", server.config, "tail", "-f", "cat"], stdout=subprocess.PIPE, text=True) as tail:
        while "a line of mine" not in (line := tail.stdout.readline()):
            assert line
        tail.send_signal(2)
        assert tail.wait(30) == 0


def test_completion(server):
    pexpect = pytest.importorskip("pexpect")
    settle(server)
    shell = pexpect.spawn(server.ours()[0], ["-c", str(server.config)], encoding="utf-8", timeout=30,
                          env={**os.environ, "TERM": "dumb"})
    shell.expect("supervisor> ")
    shell.send("stat\tma\t")  # "status " and "many:", where the names part
    shell.expect("status many:")
    shell.send("many_1\r")
    shell.expect(r"many:many_1 +RUNNING")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 0


def test_output_that_does_not_arrive(supervise, tmp_path):
    """A full disk: whoever reads the status, or what was written, must not take it for all."""
    supervisor = supervise(CONFIG.format(tmp_path, ""))
    wait_until((tmp_path / "s").exists, what="the control socket")
    with open("/dev/full", "w") as full:
        run = subprocess.run([builddir() / "forkserverctl", "-c", tmp_path / "forkserver-0.conf", "version"],
                             stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (1, "Error: cannot write to standard output: No space left on device\n")
    assert supervisor.stop() == 0
