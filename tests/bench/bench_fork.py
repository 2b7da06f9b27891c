#!/usr/bin/env python3
"""How long a new worker takes.

First line: from the request to a zygote to the clock that the worker reads in the first line of its own
code; both are CLOCK_MONOTONIC.  The benchmark speaks the supervisor's protocol itself (zygote.py), so
that the time begins with the request's first byte.

Replacement: the only worker of a server is sent SIGKILL, and a client connects at once.  The listening
socket outlives the worker everywhere, so the connection waits until the replacement answers; the time
is from before kill() to the whole answer.  All servers run the same application at once, idle, and take
turns.  startsecs = 0, else a worker killed within its first second would wait for the back-off.
"""
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import harness
import zygote
from harness import PYTHON, builddir, environment, median, progress, quantile, table

APPS = harness.HERE / "apps"
PR_SET_CHILD_SUBREAPER = 36


# ---------------------------------------------------------------- to the first line

def first_lines(version, env, runs):
    """(request → reply, request → first line) in seconds, for each run."""
    started = zygote.Zygote(version, ["bench_app"], path=[APPS], env=env)
    started.ready()
    body = started.request(["bench_app:first_line"], env)
    null = os.open(os.devnull, os.O_RDWR)
    replies, firsts = [], []
    for number in range(runs + 1):
        progress(f"first line {number}/{runs}")
        out, end = os.pipe()
        sent = time.monotonic_ns()
        pid = started.spawn(body, [null, end, 2])
        replied = time.monotonic_ns()
        os.close(end)
        stamp = int(os.read(out, 64))
        os.close(out)
        os.waitpid(pid, 0)  # it has become ours: we are the subreaper
        if number:
            replies.append((replied - sent) / 1e9)
            firsts.append((stamp - sent) / 1e9)
    os.close(null)
    started.close()
    return replies, firsts


def ms(seconds):
    return f"{seconds * 1e3:.1f} ms"


def show_first_lines(version, env, runs):
    replies, firsts = first_lines(version, env, runs)
    progress("")
    table([f"request to zygote, {runs} workers", "median", "95 %", "most"],
          [[name, ms(median(values)), ms(quantile(values, 0.95)), ms(max(values))]
           for name, values in (("to its reply with the pid", replies),
                                ("to the worker's first line", firsts))])


# ---------------------------------------------------------------- SIGKILL to answer

def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def ask(port):
    """The pid that answers, or None: nobody listens, or the one that accepted has died."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\nHost: bench\r\n\r\n")
            data = b""
            while more := connection.recv(65536):
                data += more
    except ConnectionError:
        return None
    found = re.search(rb"pid=(\d+)\n", data)
    return int(found.group(1)) if found else None


class Server:
    def __init__(self, name, command, place, port, env):
        self.name, self.port, self.times = name, port, []
        self.log = place / (re.sub(r"\W+", "-", name) + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd=place, env=env, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)

    def wait(self):
        def answered():
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} has ended:\n{self.log.read_text(errors='replace')[-3000:]}")
            return ask(self.port)
        return harness.wait_until(answered)

    def kill_worker(self):
        old = self.wait()
        started = time.perf_counter()
        os.kill(old, signal.SIGKILL)
        while (new := ask(self.port)) is None:
            pass
        self.times.append(time.perf_counter() - started)
        if new == old:
            raise SystemExit(f"{self.name}: {old} has answered after its death")

    def stop(self):
        self.process.send_signal(signal.SIGINT if self.name.startswith("uwsgi") else signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            for pid in [*harness.descendants(self.process.pid), self.process.pid]:
                os.kill(pid, signal.SIGKILL)
            self.process.wait()


def start_forkserver(place, env):
    port = free_port()
    (place / "forkserver.conf").write_text(f"""
[supervisord]
nodaemon = true
logfile = {place}/main.log
pidfile = {place}/forkserver.pid
[socket:http]
listen = tcp://127.0.0.1:{port}
[zygote:bench]
python = {PYTHON}
path = {APPS}
preload = bench_app
[program:web]
zygote = bench
command = bench_app:serve
sockets = http
startsecs = 0
autorestart = true
stdout_logfile = {place}/web.log
redirect_stderr = true
""")
    return Server("forkserver", [builddir() / "forkserver", "-c", place / "forkserver.conf"], place, port,
                  env)


def start_supervisord(program, place, env):
    port = free_port()
    (place / "supervisord.conf").write_text(f"""
[supervisord]
nodaemon = true
logfile = {place}/supervisord.log
pidfile = {place}/supervisord.pid
[fcgi-program:web]
command = {PYTHON} {APPS}/bench_app.py
socket = tcp://127.0.0.1:{port}
startsecs = 0
autorestart = true
stdout_logfile = {place}/supervisord-web.log
redirect_stderr = true
""")
    return Server("supervisord", [program, "-c", place / "supervisord.conf"], place, port, env)


def start_gunicorn(program, place, env):
    port = free_port()
    return Server("gunicorn --preload", [program, "--preload", "--workers", "1", "--worker-tmp-dir", place,
                                         "--bind", f"127.0.0.1:{port}", "--chdir", APPS,
                                         "bench_app:application"], place, port, env)


def start_uwsgi(program, place, env):
    port = free_port()
    return Server("uwsgi", [program, "--plugin", "python3", "--master", "--processes", "1", "--need-app",
                            "--http-socket", f"127.0.0.1:{port}", "--pythonpath", APPS,
                            "--module", "bench_app:application"], place, port, env)


def start_all(place, env):
    servers = [start_forkserver(place, env)]
    for name, start in (("gunicorn", start_gunicorn), ("uwsgi", start_uwsgi),
                        ("supervisord", start_supervisord)):
        program = shutil.which(name, path="/usr/bin:/usr/local/bin") or shutil.which(name)
        if program:
            servers.append(start(program, place, env))
        else:
            print(f"  no {name}: left out")
    return servers


def show_replacements(env, runs):
    with tempfile.TemporaryDirectory() as place:
        servers = start_all(pathlib.Path(place), env)
        try:
            for server in servers:
                server.wait()
            for number in range(runs):
                for server in servers:
                    progress(f"{number}/{runs} {server.name}")
                    server.kill_worker()
        finally:
            for server in servers:
                server.stop()
    progress("")
    table([f"SIGKILL to answer, {runs} workers", "median", "95 %", "most"],
          [[server.name, ms(median(server.times)), ms(quantile(server.times, 0.95)), ms(max(server.times))]
           for server in servers])


def main():
    options = harness.arguments(__doc__, 50).parse_args()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    modules = harness.application()
    version = harness.python_version()
    env = environment(BENCH_MODULES=" ".join(modules))
    print(f"workers: {', '.join(modules)} loaded")
    print(f"Python {version}; {harness.machine()}")
    show_first_lines(version, env, options.runs)
    print()
    show_replacements(env, options.runs)


if __name__ == "__main__":
    main()
