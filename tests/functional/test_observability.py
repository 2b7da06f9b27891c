"""The JSON API, /metrics, /healthz and /readyz of the real binary: what they say follows what happens."""
import base64
import http.client
import json
import os
import re
import signal
import socket
import urllib.parse

import pytest

from conftest import DEADLINE, children, free_port, interpreter, proc_status, wait_until
from supervisor_util import is_alive, kill, logger_pid

HEAD = """[supervisord]
logfile = {0}/main.log
pidfile = {0}/pid
childlogdir = {0}
nodaemon = true
[unix_http_server]
file = {0}/s
{1}
"""
STEADY = """[program:steady]
command = sh -c 'echo hello; exec sleep 1000'
startsecs = 0
"""


# ---------------------------------------------------------------- a client

class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()

    def json(self):
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.text)


class Client:
    def __init__(self, address, user=None):
        self.address = address  # of a unix socket, or a port
        self.headers = {}
        if user:
            self.headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("localhost", timeout=DEADLINE)
        if isinstance(self.address, int):
            connection.sock = socket.create_connection(("127.0.0.1", self.address), DEADLINE)
        else:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(DEADLINE)
            connection.sock.connect(str(self.address))
        try:
            connection.request(method, path, body, {**self.headers, **(headers or {})})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body="", **headers):
        return self.ask("POST", path, body, headers)

    def metrics(self):
        answer = self.get("/metrics")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return parse(answer.text)

    def process(self, name):
        return self.get("/api/v1/processes/" + urllib.parse.quote(name)).json()


class Site:
    """A supervisor and a client of it; the program steady runs."""

    def __init__(self, supervise, directory, programs, server="", user=None):
        self.directory = directory
        self.supervisor = supervise(HEAD.format(directory, server) + programs)
        self.client = Client(directory / "s", user)
        self.supervisor.wait_for(self.answers, "nobody answers")
        if "[program:steady]" in programs:
            self.wait_state("steady", "RUNNING")

    def answers(self):
        try:
            return self.client.get("/healthz").status == 200
        except OSError:
            return False

    def wait_state(self, name, state):
        self.supervisor.wait_for(lambda: self.client.process(name)["state"] == state, f"{name} is not {state}")

    def wait_metric(self, name, value, **labels):
        """Waits until a sample has a value, or until a function says yes to it."""
        good = value if callable(value) else lambda got: got == value

        def look():
            got = self.client.metrics().get(key(name, labels))
            return got is not None and good(got)

        self.supervisor.wait_for(look, f"{name} {labels} is not {value}")
        return self.client.metrics()

    def meter(self):
        found = [pid for pid in children(self.supervisor.pid)
                 if proc_status(pid, "Name") == "forkserver-mete"]
        return found[0] if found else None


@pytest.fixture
def site(supervise, tmp_path):
    return lambda programs, *more: Site(supervise, tmp_path, programs, *more)


# ---------------------------------------------------------------- the text format, read strictly

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}


def key(name, labels):
    return name, tuple(sorted(labels.items()))


def parse_labels(text):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match, f"no label: {text[at:]!r}"
        assert match[1] not in labels
        labels[match[1]] = re.sub(r'\\.', lambda escape: ESCAPES[escape[0]], match[2])
        at = match.end()
    return labels


def family_of(name, types):
    for suffix in ("_bucket", "_sum", "_count"):
        base = name[:-len(suffix)] if name.endswith(suffix) else None
        if base and types.get(base) == "histogram":
            return base
    return name


def check_histogram(name, samples):
    """Buckets in their order, cumulative, the last one +Inf and the same as _count."""
    series = {}
    for (sample, labels), value in samples.items():
        if sample == name + "_bucket":
            rest = tuple(pair for pair in labels if pair[0] != "le")
            series.setdefault(rest, []).append((float(dict(labels)["le"]), value))
    assert series
    for rest, buckets in series.items():
        assert [bound for bound, _ in buckets] == sorted({bound for bound, _ in buckets})
        assert [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert buckets[-1] == (float("inf"), samples[name + "_count", rest])
        assert (name + "_sum", rest) in samples


def parse(text):
    """{(name, labels): value}; anything that format 0.0.4 does not allow is a failure."""
    assert text.endswith("\n")
    types, helped, samples, current = {}, set(), {}, None
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in helped, f"{current} comes twice"
            helped.add(current)
            assert line.split(" ", 3)[3]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and name not in types
            assert kind in ("counter", "gauge", "histogram")
            assert (kind == "counter") == name.endswith("_total"), name
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            labels = parse_labels(match[2][1:-1]) if match[2] else {}
            assert family_of(match[1], types) == current, f"{line} stands under {current}"
            assert key(match[1], labels) not in samples, f"twice: {line}"
            samples[key(match[1], labels)] = float(match[3])
    for name, kind in types.items():
        if kind == "histogram":
            check_histogram(name, samples)
    compare_with_client(text, samples)
    return samples


def compare_with_client(text, samples):
    """Prometheus' own parser, if it is there, reads the same."""
    try:
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError:
        return
    theirs = {key(sample.name, sample.labels): sample.value
              for family in text_string_to_metric_families(text) for sample in family.samples}
    assert theirs == samples


# ---------------------------------------------------------------- /metrics

def state_of(metrics, name):
    return [dict(labels)["state"] for (sample, labels), value in metrics.items()
            if sample == "forkserver_process_state" and dict(labels)["process"] == name and value == 1]


def reasons(metrics, what, name):
    """{reason: count} of what is not 0."""
    return {dict(labels)["reason"]: value for (sample, labels), value in metrics.items()
            if sample == f"forkserver_process_{what}_total" and dict(labels)["process"] == name and value}


def number(metrics, name, **labels):
    return metrics[key(name, labels)]


def test_processes_are_counted(site):
    s = site(STEADY + """
[program:fails]
command = sh -c 'exit 3'
startretries = 1
autostart = false
[program:once]
command = sh -c 'exec sleep 0'
startsecs = 0
""")
    s.wait_state("steady", "RUNNING")
    s.wait_state("once", "EXITED")
    metrics = s.client.metrics()
    assert state_of(metrics, "steady") == ["RUNNING"]
    assert state_of(metrics, "once") == ["EXITED"]
    assert state_of(metrics, "fails") == ["STOPPED"]
    assert reasons(metrics, "ends", "once") == {"expected": 1}
    assert not reasons(metrics, "ends", "steady") and not reasons(metrics, "ends", "fails")
    assert number(metrics, "forkserver_process_starts_total", group="steady", process="steady") == 1
    assert number(metrics, "forkserver_fork_seconds_count", kind="exec") == 2
    assert number(metrics, "forkserver_respawn_seconds_count") == 0
    assert number(metrics, "forkserver_supervisor_resident_memory_bytes") > 100000

    pid = s.client.process("steady")["pid"]
    kill(pid)  # it is missed, and comes back
    metrics = s.wait_metric("forkserver_process_starts_total", 2, group="steady", process="steady")
    assert reasons(metrics, "ends", "steady") == reasons(metrics, "restarts", "steady") == {"signal": 1}
    assert number(metrics, "forkserver_respawn_seconds_count") == 1
    assert number(metrics, "forkserver_respawn_seconds_sum") > 0

    assert s.client.post("/api/v1/processes/fails/start").status == 500
    s.wait_state("fails", "FATAL")
    metrics = s.client.metrics()
    assert state_of(metrics, "fails") == ["FATAL"]
    assert reasons(metrics, "ends", "fails") == {"failed_start": 2}
    assert reasons(metrics, "restarts", "fails") == {"failed_start": 1}

    assert s.client.post("/api/v1/processes/steady/stop").status == 200
    metrics = s.client.metrics()
    assert reasons(metrics, "ends", "steady") == {"signal": 1, "stopped": 1}
    assert number(metrics, "forkserver_process_uptime_seconds", group="steady", process="steady") == 0


def test_a_command_that_is_not_there_is_a_failed_start(site):
    s = site("[program:none]\ncommand = /nonexistent\nstartretries = 0\n")
    s.wait_state("none", "FATAL")
    metrics = s.client.metrics()
    assert reasons(metrics, "ends", "none") == {"failed_start": 1}
    assert number(metrics, "forkserver_process_starts_total", group="none", process="none") == 0


def test_log_bytes(site):
    s = site(STEADY + """
[program:chatty]
command = sh -c 'echo to stderr >&2; exec sleep 1000'
startsecs = 0
""")
    bytes_of = "forkserver_process_log_bytes_total"
    s.wait_metric(bytes_of, 6, group="steady", process="steady", stream="stdout")
    metrics = s.wait_metric(bytes_of, 10, group="chatty", process="chatty", stream="stderr")
    assert number(metrics, bytes_of, group="chatty", process="chatty", stream="stdout") == 0
    kill(logger_pid(s.supervisor))
    kill(s.client.process("steady")["pid"])  # what was counted stays, what the next logger reads is added
    s.wait_metric(bytes_of, 12, group="steady", process="steady", stream="stdout")


def test_log_drops(site, tmp_path):
    os.mkfifo(tmp_path / "slow")
    reader = os.open(tmp_path / "slow", os.O_RDONLY | os.O_NONBLOCK)
    try:
        s = site(f"""[program:loud]
command = sh -c 'head -c 1000000 /dev/zero; exec sleep 1000'
stdout_logfile = {tmp_path}/slow
stdout_logfile_maxbytes = 0
logfile_stall = drop
startsecs = 0
""")
        s.wait_metric("forkserver_process_log_dropped_bytes_total", lambda value: 0 < value <= 1000000,
                      group="loud", process="loud", stream="stdout")
        s.wait_metric("forkserver_process_log_bytes_total", 1000000, group="loud", process="loud", stream="stdout")
    finally:
        os.close(reader)


def test_memory_is_measured_beside(site):
    """A child of the supervisor's does it; whatever becomes of it, /metrics is answered."""
    s = site(STEADY)
    labels = {"group": "steady", "process": "steady"}
    assert s.meter() is None  # nobody has wanted to know
    metrics = s.wait_metric("forkserver_process_pss_bytes", lambda value: value > 0, **labels)
    rss = number(metrics, "forkserver_process_resident_memory_bytes", **labels)
    assert 0 < number(metrics, "forkserver_process_uss_bytes", **labels) <= rss
    assert number(metrics, "forkserver_process_pss_bytes", **labels) <= rss
    assert number(metrics, "forkserver_process_memory_age_seconds", **labels) >= 0
    meter = s.meter()
    assert os.listdir(f"/proc/{meter}/fd") == ["0"]
    os.kill(meter, signal.SIGTERM)  # as to the whole process group: not meant for it
    os.kill(meter, signal.SIGSTOP)
    s.wait_metric("forkserver_process_memory_age_seconds", lambda age: age > 5.5, **labels)
    kill(meter)
    s.wait_metric("forkserver_process_memory_age_seconds", lambda age: age < 5, **labels)
    again = s.meter()
    assert again != meter
    assert s.supervisor.stop() == 0
    wait_until(lambda: not is_alive(again), what="the end of the meter")


def test_requests_are_counted(site):
    s = site(STEADY)
    s.client.get("/nothing")
    s.client.get("/nothing")
    before = s.client.metrics()
    after = s.client.metrics()
    name = "forkserver_control_http_responses_total"
    assert number(before, name, code="404") == number(after, name, code="404") == 2
    assert number(after, name, code="200") == number(before, name, code="200") + 1


# ---------------------------------------------------------------- zygotes

ZYGOTE = """[zygote:{1}]
python = {2}
path = {0}
preload = {1}
audit = warn
[program:{1}]
zygote = {1}
command = {1}:work
process_name = {1}_%(process_num)d
numprocs = 2
startsecs = 0
"""


def test_zygotes(site, tmp_path, version):
    (tmp_path / "good.py").write_text("import signal\ndef work():\n    signal.pause()\n")
    (tmp_path / "leaky.py").write_text("import signal\nKEPT = open('/etc/passwd')\ndef work():\n    signal.pause()\n")
    python = interpreter(version)
    s = site("".join(ZYGOTE.format(tmp_path, name, python) for name in ("good", "leaky")))
    for name in ("good", "leaky"):
        for n in range(2):
            s.wait_state(f"{name}:{name}_{n}", "RUNNING")
    shown = {zygote["name"]: zygote for zygote in s.client.get("/api/v1/zygotes").json()["zygotes"]}
    assert set(shown) == {"good", "leaky"}
    for zygote in shown.values():
        assert zygote["state"] == "READY" and zygote["workers"] == 2 and zygote["starts"] == 1
        assert is_alive(zygote["pid"])
        assert zygote["python_version"].startswith(version + ".")
        assert os.path.samefile(zygote["python"], python)
        assert 0 < zygote["import_seconds"] < zygote["audit"]["seconds"] < DEADLINE
    assert shown["good"]["audit"]["verdict"] == "clean" and shown["good"]["audit"]["violations"] == 0
    assert shown["leaky"]["audit"]["verdict"] == "violations" and shown["leaky"]["audit"]["violations"] == 1

    metrics = s.client.metrics()
    assert number(metrics, "forkserver_zygote_audit_result", zygote="good", result="clean") == 1
    assert number(metrics, "forkserver_zygote_audit_result", zygote="leaky", result="violations") == 1
    assert number(metrics, "forkserver_zygote_audit_result", zygote="leaky", result="clean") == 0
    assert number(metrics, "forkserver_zygote_audit_violations", zygote="leaky") == 1
    assert number(metrics, "forkserver_zygote_audit_seconds", zygote="good") == shown["good"]["audit"]["seconds"]
    assert number(metrics, "forkserver_zygote_import_seconds", zygote="good") == shown["good"]["import_seconds"]
    assert number(metrics, "forkserver_zygote_workers", zygote="good") == 2
    assert number(metrics, "forkserver_zygote_ready", zygote="good") == 1
    assert number(metrics, "forkserver_fork_seconds_count", kind="zygote") == 4

    kill(shown["good"]["pid"])
    s.wait_metric("forkserver_zygote_starts_total", 2, zygote="good")
    s.wait_metric("forkserver_zygote_ready", 1, zygote="good")


# ---------------------------------------------------------------- probes

def test_ready_follows_the_programs(site, tmp_path):
    s = site(STEADY + f"""
[program:late]
command = sh -c 'test -e {tmp_path}/flag && exec sleep 1000; exit 1'
startretries = 1000
[program:once]
command = true
startsecs = 0
[program:manual]
command = sleep 1000
autostart = false
""")
    s.supervisor.wait_for(lambda: s.client.process("late")["state"] == "BACKOFF", "late does not back off")
    s.wait_state("once", "EXITED")

    def lines():
        return s.client.get("/readyz").text.splitlines()

    answer = s.client.get("/readyz")
    assert answer.status == 503
    assert answer.text.splitlines()[0] == "not ready: 1 of 3"
    assert re.match(r"late:late (BACKOFF|STARTING)", answer.text.splitlines()[1])
    assert s.client.get("/healthz").status == 200
    (tmp_path / "flag").touch()
    s.supervisor.wait_for(lambda: s.client.get("/readyz").status == 200, "it does not become ready")
    assert lines() == ["ready"]
    s.client.post("/api/v1/processes/steady/stop")
    assert s.client.get("/readyz").status == 503
    assert lines() == ["not ready: 1 of 3", "steady:steady STOPPED"]
    s.client.post("/api/v1/processes/steady/start")
    assert s.client.get("/readyz").status == 200
    assert s.client.ask("HEAD", "/readyz").status == 200


def test_not_ready_while_a_zygote_is_imported(site, tmp_path, version):
    (tmp_path / "slow.py").write_text(f"""
import os, signal, time
open("{tmp_path}/importing", "w").close()
while not os.path.exists("{tmp_path}/flag"):
    time.sleep(.01)
def work():
    signal.pause()
""")
    s = site(ZYGOTE.format(tmp_path, "slow", interpreter(version)))
    s.supervisor.wait_file(tmp_path / "importing")
    answer = s.client.get("/readyz")
    assert answer.status == 503 and answer.text.splitlines() == [
        "not ready: 3 of 3", "zygote:slow is being imported", "slow:slow_0 STOPPED", "slow:slow_1 STOPPED"]
    assert s.client.get("/healthz").status == 200
    assert s.client.get("/api/v1/supervisor").json()["state"] == "IMPORTING"
    zygote, = s.client.get("/api/v1/zygotes").json()["zygotes"]
    assert zygote["state"] == "IMPORTING" and zygote["audit"]["verdict"] is None and zygote["import_seconds"] is None
    assert s.client.post("/api/v1/processes/slow:slow_0/start").json()["error"]["fault"] == "FAILED"
    assert key("forkserver_zygote_import_seconds", {"zygote": "slow"}) not in s.client.metrics()
    (tmp_path / "flag").touch()
    s.supervisor.wait_for(lambda: s.client.get("/readyz").text == "ready\n", "it does not become ready")
    assert s.client.get("/api/v1/supervisor").json()["state"] == "RUNNING"


def test_what_has_failed_once_is_not_ready(site):
    s = site("[program:once]\ncommand = sh -c 'exit 7'\nstartsecs = 0\nautorestart = false\n")
    s.wait_state("once", "EXITED")
    assert s.client.get("/readyz").text == "not ready: 1 of 1\nonce:once EXITED: Bad exit code 7\n"


# ---------------------------------------------------------------- who may

def test_password(site):
    s = site(STEADY + "[program:none]\ncommand = /nonexistent\nstartretries = 0\n",
             "username = me\npassword = secret", "me:secret")
    s.wait_state("none", "FATAL")
    for user in (None, "me:wrong"):
        stranger = Client(s.directory / "s", user)
        for path in ("/metrics", "/api/v1/processes", "/api/v1/supervisor", "/api/v1/zygotes", "/api/v1/nix"):
            answer = stranger.get(path)
            assert answer.status == 401 and "steady" not in answer.text
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert stranger.post("/api/v1/processes/steady/stop").status == 401
        assert stranger.get("/healthz").text == "ok\n"
        answer = stranger.get("/readyz")
        assert answer.status == 503 and answer.text == "not ready: 1 of 2\n"  # and no names
        assert stranger.post("/readyz").status == 405
    assert "none:none FATAL" in s.client.get("/readyz").text
    assert s.client.process("steady")["state"] == "RUNNING"
    assert s.client.metrics()


def test_pages_of_others_change_nothing(site):
    s = site(STEADY)
    pid = s.client.process("steady")["pid"]
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        for action in ("stop", "restart", "signal?signal=KILL", "start"):
            assert s.client.ask("POST", "/api/v1/processes/steady/" + action, "", headers).status == 403
    assert s.client.process("steady")["pid"] == pid
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    assert s.client.ask("POST", "/api/v1/processes/steady/restart", "", own).status == 200
    assert s.client.process("steady")["pid"] != pid


def test_names_that_point_here(site):
    """Without a password, a browser is told nothing under a name that a foreign page may have chosen."""
    port = free_port()
    s = site(STEADY + f"[inet_http_server]\nport = 127.0.0.1:{port}\n")
    client = Client(port)
    browser = {"Host": "evil.example", "User-Agent": "Mozilla/5.0"}
    for path in ("/metrics", "/api/v1/processes", "/readyz"):
        assert client.ask("GET", path, headers=browser).status == 403
        assert client.ask("GET", path, headers={"Host": f"127.0.0.1:{port}"}).status == 200
    assert s.client.metrics()


# ---------------------------------------------------------------- the API

ANSWERS = [
    ("GET", "/api/v1/processes", 200), ("HEAD", "/api/v1/processes", 200), ("GET", "/api/v1/processes/steady", 200),
    ("GET", "/api/v1/processes/steady:steady", 200), ("GET", "/api/v1/supervisor", 200),
    ("GET", "/api/v1/zygotes", 200),
    ("GET", "/api/v1/processes/nix", 404), ("GET", "/api/v1/processes/steady:*", 404), ("GET", "/api/v1/", 404),
    ("GET", "/api/v1/nix", 404), ("GET", "/api/v1", 404), ("GET", "/api/v2/processes", 404),
    ("GET", "/api/v1/processes/steady/stop", 404), ("POST", "/api/v1/processes/nix/stop", 404),
    ("POST", "/api/v1/processes/steady:*/stop", 404), ("POST", "/api/v1/nix", 404),
    ("POST", "/api/v1/processes", 405), ("POST", "/api/v1/processes/steady", 405), ("POST", "/api/v1/zygotes", 405),
    ("POST", "/api/v1/processes/steady/nix", 405), ("PUT", "/api/v1/processes", 405),
    ("DELETE", "/api/v1/processes/steady", 405), ("POST", "/metrics", 405), ("PUT", "/healthz", 405),
    ("DELETE", "/readyz", 405), ("GET", "/metrics/x", 404), ("GET", "/healthz/", 404),
    ("POST", "/api/v1/processes/steady/start", 409), ("POST", "/api/v1/processes/off/stop", 409),
    ("POST", "/api/v1/processes/off/signal?signal=HUP", 409), ("POST", "/api/v1/processes/steady/signal", 400),
    ("POST", "/api/v1/processes/steady/signal?signal=NIX", 400),
    ("POST", "/api/v1/processes/steady/signal?signal=", 400),
]


def test_statuses(site):
    s = site(STEADY + "[program:off]\ncommand = sleep 1000\nautostart = false\nstartsecs = 0\n")
    pid = s.client.process("steady")["pid"]
    for method, path, status in ANSWERS:
        answer = s.client.ask(method, path)
        assert answer.status == status, (method, path, answer.text)
        if status == 405:
            assert "GET" in answer.headers["Allow"]
        if "/api/v1/" in path and method in ("GET", "POST"):
            assert ("error" in answer.json()) == (status != 200)
    assert s.client.process("steady")["pid"] == pid
    assert s.client.process("off")["state"] == "STOPPED"


def test_supervisor(site):
    s = site(STEADY)
    shown = s.client.get("/api/v1/supervisor").json()
    assert shown["pid"] == s.supervisor.pid and shown["state"] == "RUNNING"
    assert shown["identifier"] == "supervisor"
    assert shown["config_file"] == str(s.directory / "forkserver-0.conf")
    assert re.fullmatch(r"\d+\.\d+.*", shown["version"]) and shown["uptime_seconds"] > 0


def test_actions(site, tmp_path):
    s = site(f"""[program:hears]
command = sh -c 'trap "touch {tmp_path}/heard" HUP; touch {tmp_path}/trapped; while :; do sleep 1000 & wait; done'
startsecs = 0
stopasgroup = true
killasgroup = true
""")
    s.supervisor.wait_file(tmp_path / "trapped")
    shown = s.client.process("hears")
    pid = shown["pid"]
    assert is_alive(pid) and shown["name"] == "hears:hears" and shown["exit_status"] is None
    assert s.client.post("/api/v1/processes/hears/signal", "signal=HUP").json()["pid"] == pid
    s.supervisor.wait_file(tmp_path / "heard")
    stopped = s.client.post("/api/v1/processes/hears/stop").json()
    assert stopped["state"] == "STOPPED" and stopped["pid"] is None and stopped["stop"]
    assert not is_alive(pid)
    started = s.client.post("/api/v1/processes/hears/restart").json()  # from STOPPED it is a start
    assert started["state"] == "RUNNING" and started["pid"] != pid
    again = s.client.post("/api/v1/processes/hears:hears/restart").json()
    assert again["state"] == "RUNNING" and again["pid"] != started["pid"]
    assert not is_alive(started["pid"])
    assert s.supervisor.stop() == 0  # only it ends what the shell has started


def test_post_without_a_length(site):
    """As curl -X POST sends it."""
    s = site(STEADY)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE)
        connection.connect(str(s.directory / "s"))
        connection.sendall(b"POST /api/v1/processes/steady/stop HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200") and b"STOPPED" in answer


ODD = ['q"uote', "zürich", "back\\slash", "per%%cent", "{brace}", "snow☃man", "a,b=c", "it's"]


def test_odd_names(site):
    s = site("".join(f"[program:odd{n}]\ncommand = sleep 1000\nstartsecs = 0\nprocess_name = {name}\n"
                     for n, name in enumerate(ODD)))
    names = [name.replace("%%", "%") for name in ODD]
    shown = s.client.get("/api/v1/processes").json()["processes"]
    assert sorted(process["process"] for process in shown) == sorted(names)
    for process in shown:
        s.wait_state(process["name"], "RUNNING")
        path = "/api/v1/processes/" + urllib.parse.quote(process["name"], safe="")
        assert s.client.post(path + "/restart").json()["process"] == process["process"]
    metrics = s.client.metrics()
    for name in names:
        assert state_of(metrics, name) == ["RUNNING"]
