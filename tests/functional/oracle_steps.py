"""The steps that scenarios of test_control_oracle.py are made of.  Each does something to one daemon and returns the
text that both must agree on."""
import http.client
import os
import pathlib
import re
import signal
import xmlrpc.client

from oracle_side import HEAD, PATIENCE, Failed, shown


class Step:
    def __init__(self, text, run):
        self.text, self.run = text, run


def program(name, command="/bin/cat", kind="program", **keys):
    """A section; what is not given is as quick as can be."""
    keys = {"command": command, "startsecs": 0, "stopwaitsecs": 5, **keys}
    return f"[{kind}:{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


def group(name, programs, **keys):
    return f"[group:{name}]\nprograms = {programs}\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


# ---------------------------------------------------------------- supervisorctl and XML-RPC

def ctl(*words):
    def run(side):
        status, output = side.ctl(*words)
        return f"exit status {status}\n{output}"
    return Step("supervisorctl " + " ".join(map(str, words)), run)


def ctl_sorted(*words):
    """Where the order of the lines is the order in which processes happen to end."""
    def run(side):
        status, output = side.ctl(*words)
        return f"exit status {status}\n" + "\n".join(sorted(output.splitlines()))
    return Step("supervisorctl " + " ".join(map(str, words)), run)


def ctl_at(url, *words):
    def run(side):
        status, output = side.ctl_process(["-s", url.format(dir=side.directory), *words])
        return f"exit status {status}\n{output}"
    return Step(f"supervisorctl -s {url} " + " ".join(words), run)


def call(side, method, parameters):
    try:
        return side.rpc(method if "." in method else "supervisor." + method, *parameters)
    except xmlrpc.client.Fault as fault:
        return fault
    except xmlrpc.client.ProtocolError as error:
        return f"HTTP {error.errcode}"
    except (ConnectionError, http.client.HTTPException, FileNotFoundError):
        return "nobody answers"


def rpc(method, *parameters):
    return Step(f"{method}{parameters!r}", lambda side: shown(call(side, method, parameters)))


def rpc_sorted(method, *parameters):
    """Of an array of results in no particular order."""
    def run(side):
        value = call(side, method, parameters)
        return shown(sorted(value, key=lambda item: (item["group"], item["name"])) if isinstance(value, list)
                     else value)
    return Step(f"{method}{parameters!r}", run)


def rpc_kind(method, *parameters):
    """Only whether it is a fault, and the type."""
    def run(side):
        value = call(side, method, parameters)
        return shown(value) if isinstance(value, xmlrpc.client.Fault) else type(value).__name__
    return Step(f"{method}{parameters!r}: type", run)


def later(key, step):
    """Begins a step that blocks."""
    def run(side):
        side.later(key, lambda: step.run(side))
        return ""
    return Step(f"in the background: {step.text}", run)


def finish(key):
    return Step(f"end of {key}", lambda side: side.finish(key))


def http_raw(data, *headers, body=False):
    """The status of the answer to raw bytes, and some of its headers."""
    def run(side):
        try:
            response, text = side.http(data)
        except (ConnectionError, http.client.HTTPException) as error:
            return f"no answer ({type(error).__name__})"
        lines = [f"HTTP {response.status}"] + [f"{name}: {response.getheader(name)}" for name in headers]
        return "\n".join(lines + ([text.decode("utf-8", "backslashreplace")] if body else []))
    return Step(f"HTTP {data[:60]!r}", run)


# ---------------------------------------------------------------- states

def until(name, *states):
    """Waits for a state; what is known of the process then."""
    def run(side):
        def look():
            info = side.watch(name)
            return info if info.get("statename") in states else None
        try:
            info = side.wait(look, f"{name} is {' or '.join(states)}")
        except Failed as error:
            return f"{error}; it is {side.watch(name).get('statename')}"
        return f"{info['statename']} exitstatus {info['exitstatus']} spawnerr {info['spawnerr']!r}"
    return Step(f"{name} is {' or '.join(states)}", run)


def all_are(*states):
    def run(side):
        def look():
            infos = side.rpc("supervisor.getAllProcessInfo")
            return infos if all(info["statename"] in states for info in infos) else None
        infos = side.wait(look, f"all are {' or '.join(states)}")
        return "\n".join(f"{info['group']}:{info['name']} {info['statename']}" for info in infos)
    return Step(f"all are {' or '.join(states)}", run)


def new_pid(name):
    """Waits for another pid than at the last call for this name."""
    def run(side):
        known = side.__dict__.setdefault("pids", {})

        def look():
            info = side.watch(name)
            return info["pid"] if info.get("statename") == "RUNNING" and info["pid"] != known.get(name) else None
        known[name] = side.wait(look, f"a new pid of {name}")
        return "another pid"
    return Step(f"new pid of {name}", run)


def kill(name, number):
    def run(side):
        side.signal(name, number)
        return ""
    return Step(f"kill {number} {name or 'the daemon'}", run)


def ended():
    """The daemon has ended: its status, and what it has left."""
    def run(side):
        status = side.process.wait(PATIENCE)
        left = [name for name in ("s", "pid") if (side.directory / name).exists()]
        return f"status {status}, left {left}"
    return Step("the daemon ends", run)


def restarted():
    """Waits until it answers again, as a new or the same process."""
    def run(side):
        side.wait(side.answers, "it answers again")
        return ""
    return Step("it answers", run)


def begin():
    """Starts a daemon that has ended once more."""
    def run(side):
        side.start()
        return ""
    return Step("start the daemon", run)


# ---------------------------------------------------------------- files

def write(name, text):
    def run(side):
        side.write(name, text)
        return ""
    return Step(f"write {name}", run)


def configure(text, head=HEAD):
    return write("c.conf", head + text)


def read(name):
    def run(side):
        path = side.directory / name
        return path.read_text("utf-8", "backslashreplace") if path.exists() else "(not there)"
    return Step(f"content of {name}", run)


def read_sorted(name):
    return Step(f"lines of {name}", lambda side: "\n".join(
        sorted((side.directory / name).read_text("utf-8", "backslashreplace").splitlines())))


def until_file(name, pattern, shows=True):
    """Waits until a file has a match, and shows the file."""
    def run(side):
        path = side.directory / name
        side.wait(lambda: path.exists() and re.search(pattern, path.read_text("utf-8", "backslashreplace")),
                  f"{pattern!r} in {name}")
        return path.read_text("utf-8", "backslashreplace") if shows else ""
    return Step(f"{name} has {pattern!r}", run)


def files():
    """Names in the directory of logs."""
    return Step("log files", lambda side: "\n".join(sorted(os.listdir(side.directory / "logs"))))


def move(name, to):
    def run(side):
        os.rename(side.directory / name, side.directory / to)
        return ""
    return Step(f"mv {name} {to}", run)


def mode(name):
    return Step(f"mode of {name}", lambda side: oct(os.stat(side.directory / name).st_mode))


def gone(name):
    """Waits until the process whose pid is in a file is no more."""
    def run(side):
        pid = (side.directory / name).read_text().strip()

        def look():
            try:
                text = pathlib.Path(f"/proc/{pid}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                return True
            return text.rpartition(")")[2].split()[0] == "Z"
        side.wait(look, f"the end of process {name}")
        return "gone"
    return Step(f"process of {name} is gone", run)


LINE = re.compile(r"^\S+ \S+ (?:CRIT|ERRO|WARN|INFO|DEBG) (.*)$")
# Not "waiting for …": how often that is said depends on time.
LIFE = re.compile(r"^(spawned|success|exited|stopped|gave up|killing|spawnerr|received SIG(?!USR2)|reaped unknown)")
REOPENED = "received SIGUSR2"


def life(name=""):
    """What the main log tells of processes, in order.

    A state may be told before its line is in the file, as another process writes it: what comes after
    the line of a signal is looked for first, and then all of that is there."""
    def run(side):
        log = side.directory / "main.log"
        if side.process.poll() is None:
            before = log.read_text("utf-8", "replace").count(REOPENED)
            side.process.send_signal(signal.SIGUSR2)
            side.wait(lambda: log.read_text("utf-8", "replace").count(REOPENED) > before, "the end of the log")
        text = log.read_text("utf-8", "replace")
        lines = [match.group(1) for line in text.splitlines() if (match := LINE.match(line))]
        return "\n".join(line for line in lines if LIFE.match(line) and name in line)
    return Step(f"the main log about {name or 'processes'}", run)
