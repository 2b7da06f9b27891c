"""Helpers of the tests of events: a listener that writes down what it gets."""
import json
import pathlib

from supervisor_util import PYTHON

LISTENER = pathlib.Path(__file__).with_name("listeners") / "listener.py"

HEAD = """[supervisord]
nodaemon = true
logfile = %(here)s/main.log
pidfile = %(here)s/pid
childlogdir = %(here)s
loglevel = debug
"""


def pool(name, file, *deeds, events="EVENT", **keys):
    """An [eventlistener:name] whose processes write into `file`."""
    keys = {"startsecs": 0, "buffer_size": 100, "stderr_logfile": "/dev/stderr", **keys}
    if "numprocs" in keys:
        keys["process_name"] = "%(program_name)s_%(process_num)d"
    return f"""
[eventlistener:{name}]
command = {PYTHON} -IS {LISTENER} {file} {" ".join(deeds)}
events = {events}
""" + "".join(f"{key} = {value}\n" for key, value in keys.items())


def program(name, command, **keys):
    keys = {"startsecs": 0, "autorestart": "false", **keys}
    return f"\n[program:{name}]\ncommand = {command}\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


def heard(file):
    """What the listeners have written down."""
    try:
        text = pathlib.Path(file).read_text()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines(True) if line.endswith("\n")]


def names(events):
    return [event["headers"]["eventname"] for event in events]


def wait_heard(supervisor, file, condition, what):
    """Waits until the list of events heard fulfils the condition; returns it."""
    return supervisor.wait_for(lambda: condition(found := heard(file)) and found, what)


def wait_event(supervisor, file, name, words="", count=1):
    """Waits for so many events of a name with these words in their payload; returns them."""
    def matching(found):
        return [event for event in found
                if event["headers"]["eventname"] == name and words in event["payload"]]

    found = wait_heard(supervisor, file, lambda found: len(matching(found)) >= count, f"{count} {name} {words!r}")
    return matching(found)
