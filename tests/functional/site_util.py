"""A supervisor with one zygote and one program, for the tests of servers."""
import subprocess

import pytest

from conftest import DEADLINE, interpreter


def needs(version, *modules):
    for module in modules:
        probe = subprocess.run([interpreter(version), "-c", "import " + module], timeout=DEADLINE,
                               stderr=subprocess.DEVNULL, cwd="/")
        if probe.returncode:
            pytest.skip(f"no {module} for Python {version}")


def site_config(directory, version, path, preload, command, ports, mode="filter", numprocs=1, backlog="", keys=""):
    """The text of its configuration; ports: {name of a socket: its port}.  The program's output is in web_N.out."""
    listeners = "".join(f"[socket:{name}]\nlisten = tcp://127.0.0.1:{port}\n{backlog}\n"
                        for name, port in ports.items())
    return f"""
[supervisord]
nodaemon = true
logfile = {directory}/main.log
pidfile = {directory}/pid

{listeners}
[zygote:site]
python = {interpreter(version)}
path = {path}
preload = {preload}
audit_mode = {mode}

[program:web]
zygote = site
command = {command}
directory = {directory}
{"sockets = " + ", ".join(ports) if ports else ""}
numprocs = {numprocs}
process_name = web_%(process_num)d
stdout_logfile = {directory}/web_%(process_num)d.out
redirect_stderr = true
{keys}
"""
