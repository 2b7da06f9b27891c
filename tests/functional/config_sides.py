"""One configuration, as supervisord's own parser and as ours see it, in the same terms."""
import functools
import importlib.util
import os
import pwd
import subprocess
import sys

import pytest

from conftest import DEADLINE, builddir

sys.dont_write_bytecode = True

DAEMON = ("logfile", "pidfile", "identifier", "directory", "user", "childlogdir", "logfile_maxbytes",
          "logfile_backups", "umask", "minfds", "minprocs", "nodaemon", "silent", "nocleanup", "strip_ansi")
LEVELS = ("blather", "trace", "debug", "info", "warn", "error", "critical")  # as in base/log.h
KINDS = ("ProcessConfig", "EventListenerConfig", "FastCGIProcessConfig")     # as in config/config.h


# ---------------------------------------------------------------- supervisord's own view

def their_log(process, stream, automatic):
    def get(name):
        return getattr(process, f"{stream}_{name}")
    logfile = get("logfile")
    return ("AUTO" if logfile is automatic else "-" if not logfile else logfile,
            get("logfile_maxbytes"), get("logfile_backups"), get("capture_maxbytes"),
            int(get("events_enabled")), int(get("syslog")))


def their_process(group, process):
    from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected
    restarts = {False: 0, RestartWhenExitUnexpected: 1, RestartUnconditionally: 2}
    return {
        "group_priority": group.priority, "command": process.command, "directory": process.directory,
        "user": process.uid, "umask": -1 if process.umask is None else process.umask,
        "priority": process.priority, "autostart": process.autostart,
        "autorestart": restarts[process.autorestart], "startsecs": process.startsecs,
        "startretries": process.startretries, "stopsignal": int(process.stopsignal),
        "stopwaitsecs": process.stopwaitsecs, "stopasgroup": process.stopasgroup,
        "killasgroup": process.killasgroup, "redirect_stderr": process.redirect_stderr,
        "exitcode": set(process.exitcodes), "env": process.environment, "serverurl": process.serverurl,
        "kind": KINDS.index(type(process).__name__),
        "stdout": their_log(process, "stdout", Automatic), "stderr": their_log(process, "stderr", Automatic)}


def their_group(group):
    from supervisor.events import getEventNameByType
    found = {"priority": group.priority, "kind": 0}
    if hasattr(group, "pool_events"):
        found.update(kind=1, buffer_size=group.buffer_size,
                     event={getEventNameByType(event) for event in group.pool_events})
    elif hasattr(group, "socket_config"):
        socket = group.socket_config
        found.update(kind=2, socket=socket.url, owner=getattr(socket, "owner", None),
                     mode=getattr(socket, "mode", 0o700), backlog=socket.backlog)
    return found


def their_server(config):
    import socket
    local = config["family"] == socket.AF_UNIX
    return {"name": config["name"], "local": int(local), "file": config.get("file"), "mode": config.get("chmod", 0),
            "owner": config.get("chown", (-1, -1)), "address": config.get("host") or None,
            "port": config.get("port", 0), "username": config["username"], "password": config["password"]}


def by_supervisord(path):
    """Daemon, servers, groups and processes; None if it refuses the file."""
    if importlib.util.find_spec("supervisor") is None:
        pytest.skip("supervisord is not installed to compare with")
    from supervisor.loggers import getLevelNumByDescription
    from supervisor.options import ServerOptions
    options = ServerOptions()
    options.configfile, options.here = str(path), str(path.parent)
    try:
        section = options.read_config(str(path))
    except Exception as error:  # configparser's among them
        print("supervisord:", error)
        return None
    daemon = {name: getattr(section, name) for name in DAEMON}
    daemon["env"] = section.environment
    daemon["loglevel"] = [getLevelNumByDescription(name) for name in LEVELS].index(section.loglevel)
    for name in ("logfile", "pidfile", "directory", "childlogdir"):
        if daemon[name] not in ("syslog", None):
            daemon[name] = os.path.abspath(daemon[name])
    groups = section.process_group_configs
    return {"daemon": daemon,
            "servers": in_order(map(their_server, section.server_configs)),
            "groups": {group.name: their_group(group) for group in groups},
            "processes": {(group.name, process.name): their_process(group, process)
                          for group in groups for process in group.process_configs}}


# ---------------------------------------------------------------- ours

def in_order(servers):
    return sorted(servers, key=lambda server: (server["local"], server["name"] or ""))


def text_of(value):
    return None if value == "-" else bytes.fromhex(value).decode("utf-8", "surrogateescape")


def our_log(value):
    logfile, *numbers = value.split(",")
    return (logfile if logfile in ("AUTO", "-") else text_of(logfile), *map(int, numbers))


TEXTS = {"group", "name", "command", "directory", "user", "serverurl", "logfile", "pidfile", "identifier", "childlogdir",
         "file", "owner", "address", "username", "password", "socket", "event", "env"}


@functools.lru_cache(None)
def user_id(name):
    return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid


def our_owner(owner, default):
    import grp
    if owner is None:
        return default
    user, _, group = owner.partition(":")
    if not group:
        return user_id(user), -1
    return user_id(user), int(group) if group.isdigit() else grp.getgrnam(group).gr_gid


def our_item(words):
    """A line's words NAME=VALUE; some names come more than once."""
    entry = {"exitcode": set(), "env": {}, "event": set()}
    for word in words:
        name, _, value = word.partition("=")
        value = our_log(value) if name in ("stdout", "stderr") else text_of(value) if name in TEXTS else int(value)
        if name == "env":
            variable, _, content = value.partition("=")
            entry["env"][variable] = content
        elif name in ("exitcode", "event"):
            entry[name].add(value)
        else:
            entry[name] = value
    return entry


def keys(entry, *without):
    return {name: value for name, value in entry.items() if name not in without}


def our_group(group, users):
    if group["kind"] == 0:
        return keys(group, "name", "exitcode", "env", "event")
    if group["kind"] == 1:
        return keys(group, "name", "exitcode", "env")
    user = users.get(group["name"])
    default = None if user is None or user == os.getuid() else (user, pwd.getpwuid(user).pw_gid)
    return dict(keys(group, "name", "exitcode", "env", "event"), owner=our_owner(group["owner"], default))


def by_us(path):
    program = builddir() / "tests" / "unit" / "dump_config"
    if not program.exists():
        pytest.skip("tests/unit/dump_config is not built (make check builds it)")
    run = subprocess.run([program, "config", path], timeout=DEADLINE, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr
    lines = [line.split(" ") for line in run.stdout.splitlines()]
    if lines[0][0] == "error":
        print("ours:", bytes.fromhex(lines[0][1]).decode())
        return None
    found = {kind: [our_item(words) for first, *words in lines if first == kind]
             for kind in ("daemon", "server", "group", "process")}
    for process in found["process"]:
        process["user"] = None if process["user"] is None else user_id(process["user"])
    for server in found["server"]:
        server["owner"] = our_owner(server["owner"], (-1, -1))
    users = {process["group"]: process["user"] for process in found["process"]}
    daemon, = found["daemon"]
    return {"daemon": keys(daemon, "exitcode", "event"),
            "servers": in_order(keys(server, "exitcode", "env", "event") for server in found["server"]),
            "groups": {group["name"]: our_group(group, users) for group in found["group"]},
            "processes": {(process["group"], process["name"]): keys(process, "group", "name", "event")
                          for process in found["process"]}}
