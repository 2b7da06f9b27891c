"""Whole configurations: typed as the real supervisord types them where it is installed, refused
where it refuses them, and what --check-config says."""
import importlib.util
import os
import pathlib
import pwd
import subprocess
import sys

import pytest

from conftest import DEADLINE, builddir

sys.dont_write_bytecode = True
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def write(directory, text):
    path = directory / "supervisord.conf"
    path.write_text(text)
    (directory / "conf.d").mkdir(exist_ok=True)
    (directory / "conf.d" / "extra.conf").write_text(EXTRA)
    (directory / "conf.d" / "another.conf").write_text("[program:another]\ncommand=%(here)s/another %(ENV_COLOUR)s\n")
    return path


EXTRA = """
[program:extra]
command=%(here)s/extra
directory=%(here)s
[supervisord]
minprocs=77
[program:cat]
priority=1
"""


# ---------------------------------------------------------------- supervisord's own view

def supervisords_log(process, stream, automatic):
    def get(name):
        return getattr(process, f"{stream}_{name}")
    logfile = get("logfile")
    return ("AUTO" if logfile is automatic else "-" if not logfile else logfile,
            get("logfile_maxbytes"), get("logfile_backups"), get("capture_maxbytes"),
            int(get("events_enabled")), int(get("syslog")))


def by_supervisord(path):
    """{(group, name): {…}} and the daemon's values; None if it refuses the file."""
    if importlib.util.find_spec("supervisor") is None:
        pytest.skip("supervisord is not installed to compare with")
    from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected
    from supervisor.options import ServerOptions
    options = ServerOptions()
    options.configfile, options.here = str(path), str(path.parent)
    try:
        section = options.read_config(str(path))
    except Exception as error:  # configparser's among them
        print("supervisord:", error)
        return None
    restarts = {False: 0, RestartWhenExitUnexpected: 1, RestartUnconditionally: 2}
    found = {}
    for group in section.process_group_configs:
        for process in group.process_configs:
            found[group.name, process.name] = {
                "group_priority": group.priority, "command": process.command, "directory": process.directory,
                "user": process.uid, "umask": -1 if process.umask is None else process.umask,
                "priority": process.priority, "autostart": process.autostart,
                "autorestart": restarts[process.autorestart], "startsecs": process.startsecs,
                "startretries": process.startretries, "stopsignal": int(process.stopsignal),
                "stopwaitsecs": process.stopwaitsecs, "stopasgroup": process.stopasgroup,
                "killasgroup": process.killasgroup, "redirect_stderr": process.redirect_stderr,
                "exitcode": set(process.exitcodes), "env": process.environment,
                "stdout": supervisords_log(process, "stdout", Automatic),
                "stderr": supervisords_log(process, "stderr", Automatic)}
    daemon = {name: getattr(section, name) for name in DAEMON}
    for name in ("logfile", "pidfile"):
        if daemon[name] != "syslog":
            daemon[name] = os.path.abspath(daemon[name])
    return daemon, found


DAEMON = ("logfile", "pidfile", "identifier", "directory", "user", "childlogdir", "logfile_maxbytes", "logfile_backups",
          "umask", "minfds", "minprocs", "nodaemon", "silent", "nocleanup", "strip_ansi")


# ---------------------------------------------------------------- ours

def text_of(value):
    return None if value == "-" else bytes.fromhex(value).decode()


def our_log(value):
    logfile, *numbers = value.split(",")
    return (logfile if logfile in ("AUTO", "-") else text_of(logfile), *map(int, numbers))


def our_process(pairs):
    entry = {"exitcode": set(), "env": {}}
    for name, value in pairs:
        if name == "exitcode":
            entry["exitcode"].add(int(value))
        elif name == "env":
            variable, _, content = text_of(value).partition("=")
            entry["env"][variable] = content
        elif name in ("stdout", "stderr"):
            entry[name] = our_log(value)
        elif name in ("group", "name", "command", "directory", "user"):
            entry[name] = text_of(value)
        else:
            entry[name] = int(value)
    if entry["user"] is not None:
        entry["user"] = pwd.getpwnam(entry["user"]).pw_uid if not entry["user"].isdigit() else int(entry["user"])
    return (entry.pop("group"), entry.pop("name")), entry


def by_us(path):
    program = builddir() / "tests" / "unit" / "dump_config"
    if not program.exists():
        pytest.skip("tests/unit/dump_config is not built (make check builds it)")
    run = subprocess.run([program, "config", path], timeout=DEADLINE, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr
    first, *others = [line.split(" ") for line in run.stdout.splitlines()]
    if first[0] == "error":
        print("ours:", bytes.fromhex(first[1]).decode())
        return None
    texts = ("logfile", "pidfile", "identifier", "directory", "user", "childlogdir")
    daemon = {name: text_of(value) if name in texts else int(value)
              for name, value in (item.split("=") for item in first[1:])}
    return daemon, dict(our_process(item.split("=") for item in line[1:]) for line in others)


HEAD = "[supervisord]\nenvironment=COLOUR=\"blue\",WIDE=\"a, b\"\n"
CAT = "[program:cat]\ncommand=/bin/cat\n"

GOOD = [
    HEAD + CAT,
    "[supervisord]\n" + CAT,
    HEAD + "logfile=/tmp/x.log ; comment\nlogfile_maxbytes=0\nlogfile_backups=3\nloglevel=blather\npidfile=/tmp/x.pid\n"
           "nodaemon=yes\nsilent=on\nminfds=10\nminprocs=20\nnocleanup=1\nchildlogdir=/tmp\nuser=root\ndirectory=/\n"
           "strip_ansi=true\nidentifier=x y\numask=002\n" + CAT,
    HEAD + "[program:web]\ncommand=/bin/cat %(process_num)02d %(numprocs)d %(group_name)s %(host_node_name)s\n"
           "numprocs=3\nnumprocs_start=8\nprocess_name=%(program_name)s-%(process_num)03d\n"
           "environment=N=\"%(process_num)d\",COLOUR=red\ndirectory=/tmp/%(ENV_N)s-%(ENV_WIDE)s\n"
           "stdout_logfile=/tmp/%(program_name)s%%(process_num)s.log\n",
    HEAD + CAT + "priority=3\nautostart=false\nautorestart=true\nstartsecs=0\nstartretries=99\nstopsignal=INT\n"
                 "stopwaitsecs=1\nstopasgroup=true\nexitcodes=0,2,255\numask=077\nuser=nobody\n",
    HEAD + CAT + "autorestart=no\nstopsignal=9\nkillasgroup=yes\nexitcodes=\nuser=0\n",
    HEAD + CAT + "stdout_logfile=NONE\nstderr_logfile=auto\nstdout_logfile_maxbytes=1kb\nstdout_logfile_backups=0\n"
                 "stderr_logfile_maxbytes=2GB\nstdout_capture_maxbytes=1MB\nstdout_events_enabled=true\n"
                 "stderr_events_enabled=1\nstderr_capture_maxbytes=7\n",
    HEAD + CAT + "redirect_stderr=true\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n",
    HEAD + CAT + "stdout_syslog=true\nstderr_logfile=syslog\n",
    HEAD + CAT + "[program:b]\ncommand=b %(group_name)s\n[program:c]\ncommand=c\npriority=5\n"
                 "[group:g]\nprograms=cat,b\npriority=-2\n[group:h]\nprograms = b\n",
    HEAD + CAT + "[include]\nfiles = conf.d/*.conf\n",
    HEAD + CAT + "[include]\nfiles = none/* conf.d/ex*.conf\n   %(here)s/conf.d/an*\n",
    HEAD + "[DEFAULT]\nstartsecs=7\ndirectory=/tmp\n" + CAT + "[program:b]\ncommand=b\nstartsecs=8\n",
    HEAD + "[program:sh]\ncommand=/bin/sh -c 'echo 100%%; sleep 1' ; comment\n",
    HEAD + "[program:long]\ncommand=/bin/echo\n  one\n  two\n ; comment\n  three\nstartsecs=2\n",
    HEAD + "[program: spaced ]\ncommand=x\n",
    HEAD + CAT + "[unknown]\nx=1\n[program:cat]\nunknown=1\n",
    HEAD + CAT + "numprocs=0\n",
    "[supervisord]\nenvironment=A=\"1\"\n[program:x]\ncommand=x\nenvironment=B=\"%(ENV_A)s\"\n",
    HEAD + CAT + "umask=0o22\nstartsecs= 1_0 \npriority=+4\n",
]


@pytest.mark.parametrize("text", GOOD)
def test_typed_as_supervisord(text, tmp_path):
    path = write(tmp_path, text)
    theirs, ours = by_supervisord(path), by_us(path)
    assert theirs is not None, "the file is meant to be right"
    assert ours == theirs


BAD = [
    "", "x=1\n", CAT.replace("[", "", 1), HEAD + "[program:x]\n", HEAD + "[program:a/b]\ncommand=x\n",
    HEAD + "[program:a b]\ncommand=x\n", HEAD + CAT + "numprocs=2\n", HEAD + CAT + "startsecs=x\n",
    HEAD + CAT + "startsecs=\n", HEAD + CAT + "autostart=perhaps\n", HEAD + CAT + "autorestart=perhaps\n",
    HEAD + CAT + "exitcodes=256\n", HEAD + CAT + "exitcodes=a\n", HEAD + CAT + "exitcodes=1,\n",
    HEAD + CAT + "stopsignal=NOSUCH\n", HEAD + CAT + "stopsignal=77777\n", HEAD + CAT + "umask=8\n",
    HEAD + CAT + "stopasgroup=true\nkillasgroup=false\n", HEAD + CAT + "user=no-such-user\n",
    HEAD + CAT + "stdout_logfile=/no/such/directory/x\n", HEAD + CAT + "stdout_logfile_maxbytes=50M\n",
    HEAD + CAT + "stdout_logfile_maxbytes=1.5MB\n", HEAD + CAT + "environment=A\n", HEAD + CAT + "environment=A=\n",
    HEAD + CAT + "environment=A=1 B=2\n", HEAD + CAT + "directory=%(nope)s\n", HEAD + CAT + "directory=100%\n",
    HEAD + CAT + "directory=%(here)d\n", HEAD + CAT + "user=%(process_num)d\n", HEAD + CAT + "priority=%(numprocs)d\n",
    HEAD + CAT + "stdout_logfile=/tmp/%%(nope)s\n", HEAD + CAT + "[group:g]\nprograms=dog\n",
    HEAD + "[program:x]\ncommand=%(ENV_NO_SUCH_VARIABLE)s\n", HEAD + "loglevel=loud\n" + CAT,
    HEAD + "directory=/no/such\n" + CAT, HEAD + "minfds=many\n" + CAT, HEAD + "nodaemon=2\n" + CAT,
    HEAD + "[include]\n" + CAT, HEAD + "pidfile=/no/such/x.pid\n" + CAT, HEAD + "umask=rw\n" + CAT,
]


@pytest.mark.parametrize("text", BAD)
def test_refused_as_by_supervisord(text, tmp_path):
    path = write(tmp_path, text)
    assert by_supervisord(path) is None, "the file is meant to be wrong"
    assert by_us(path) is None


# ---------------------------------------------------------------- the command

def check(path, **options):
    return subprocess.run([builddir() / "forkserver", "--check-config", "-c", path], timeout=DEADLINE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_check_config_accepts(tmp_path):
    run = check(write(tmp_path, HEAD + CAT))
    assert (run.returncode, run.stderr) == (0, "")
    assert sorted(os.listdir(tmp_path)) == ["conf.d", "supervisord.conf"], "it has made files"


def test_check_config_tells_every_error(tmp_path):
    path = write(tmp_path, "[zygote:shop]\npreload=shop.wsgi\nwarmpu=x:y\n"
                           "[program:web]\nzygote=shpo\ncommand=python -m 'app\nstartsecs=soon\npriorty=1\n")
    run = check(path)
    assert run.returncode == 2
    lines = run.stderr.splitlines()
    expected = [f'Error: {path}:3: [zygote:shop] warmpu: no such key; did you mean "warmup"?',
                f'Warning: {path}:8: [program:web] priorty: no such key, the line is ignored; did you mean "priority"?',
                f"Error: {path}:7: [program:web] startsecs: invalid literal for int() with base 10: 'soon'",
                f"Error: {path}:6: [program:web] command: can't parse command",
                f"Error: {path}:5: [program:web] zygote: there is no [zygote:shpo]; did you mean shop?"]
    for text in expected:
        assert any(line.startswith(text) for line in lines), f"{text}\nis not in\n{run.stderr}"
    assert len([line for line in lines if line.startswith(("Error:", "Warning:"))]) == len(expected), run.stderr


def test_check_config_without_a_file(tmp_path):
    run = check(tmp_path / "none.conf")
    assert run.returncode == 2
    assert run.stderr.startswith(f"Error: could not find config file {tmp_path}/none.conf\n")


def test_debians_default_file():
    path = pathlib.Path("/etc/supervisor/supervisord.conf")
    if not path.exists() or not os.access(path, os.R_OK) or not os.path.isdir("/var/log/supervisor"):
        pytest.skip("the package supervisor is not installed")
    run = check(path)
    assert run.returncode == 0, run.stderr
