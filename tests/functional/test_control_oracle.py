"""Control, side by side with the real supervisord: both are given the same configuration and the same commands, by the
real supervisorctl and a plain XML-RPC client, and must answer alike.

Scenarios are in oracle_scenarios.py.  All that are selected run at once, a few at a time, in threads of a fixture; each
test then compares what one of them has found.  SUPERVISORD=/usr/bin/supervisord puts the original on both sides.
"""
import concurrent.futures
import difflib
import os
import re
import shutil
import tempfile
import traceback

import pytest

from conftest import children, process_tree, reap, wait_until
from oracle_scenarios import SCENARIOS
from oracle_side import Ctl, Side
from oracle_util import has_control, original, package, under_test, with_package

pytestmark = pytest.mark.xdist_group("control oracle")  # all scenarios are played by one fixture
AT_ONCE = 3

# What differs on purpose: scenario, pattern in either text, what stands for it, why.
DEVIATIONS = [
    ("config_info|update|.*_info", r"'autorestart': [^,]*,\n +", "", "4.4 has this key, Debian's 4.2.5 has not"),
    ("update", r"'(std\w+_logfile)': '(auto|DIR/logs/[^']*)'", r"'\1': a path",
     "supervisord says auto again of what it has not changed; we always name the file"),
    ("environment", r"(?m)^FORKSERVER_\w+=.*\n", "", "which program and which of its processes it is, for python/forkserver"),
    ("start_chdir", r"spawnerr '[^']*'", "spawnerr", "a directory that is missing is a failed start with its reason"),
    ("start_chdir", r"(?s)\A\[.*False\]\Z", "output", "the reason is not in the program's log"),
    ("start_chdir", r"(?m)^(spawned: 'lost' with pid N|(exited|success): lost .*)\n?", "", "nothing was spawned"),
    ("no_logs", r"\A(''|fault 20 'NO_FILE: DIR/logs/off[^']*')\Z", "nothing",
     "an automatic log is made when its program is started, not before"),
    ("no_logs", r"\n?off-std(err|out)---supervisor-X\.log", "", "the same"),
    ("main_log_gone", r"\A(fault 20 'NO_FILE'|True)\Z", "cleared", "a log that was moved away is made anew"),
    ("main_log_gone", r"\Aexit status (1\nsupervisord: ERROR \(no log file\)|0)\Z", "tail", "so this one is there, and empty"),
    ("stdin", r"INCORRECT_PARAMETERS: 5", "INCORRECT_PARAMETERS", "types are checked by one table for all methods"),
    ("reread_error", r"[\"']?CANT_REREAD: .*", "CANT_REREAD", "file, line, section, key, and what to write"),
    ("logs_reopened", r"(?m)^TIME INFO received SIGUSR2.*\n?", "", "may be in the new file, as another process writes it"),
    ("list_methods", r"'forkserver\.\w+',\n ", "", "methods of our own"),
    ("authentication", r"HTTP 500", "HTTP 401", "a header that is not base64 is no password"),
    ("shutdown_order", r"(?m)^success: .*\n", "", "with startsecs = 0 it runs at once, not at the next look"),
]


def neutral(name, text):
    for scenarios, pattern, instead, _ in DEVIATIONS:
        if re.fullmatch(scenarios, name):
            text = re.sub(pattern, instead, text)
    return text


def play(side, scenario):
    """The transcript of one side: [(step, text)]."""
    transcript = []
    try:
        for name, text in scenario.files.items():
            side.write(name, text)
        side.config.write_text(scenario.config)
        side.start()
        for step in scenario.steps:
            transcript.append((step.text, side.neutral(step.run(side)).rstrip()))
    except Exception as error:  # a step that failed is a result as well
        where = traceback.extract_tb(error.__traceback__)[-1]
        transcript.append(("FAILED", f"{type(error).__name__}: {side.neutral(str(error))} ({where.name})"))
    finally:
        side.stop()
    return transcript


class Stage:
    """Where the scenarios are played: two warm supervisorctls, a directory, a few threads."""

    def __init__(self, env):
        self.directory = tempfile.mkdtemp(prefix="oracle-")  # short: sockets are in it
        self.env = env
        self.ctls = [Ctl(env) for _ in range(2 * AT_ONCE)]
        self.free = list(range(AT_ONCE))

    def both(self, name):
        """Both sides at once."""
        number = self.free.pop()
        try:
            sides = [Side(command, f"{self.directory}/{name}/{letter}", self.env, self.ctls[2 * number + index])
                     for index, (letter, command) in enumerate((("a", original()), ("b", under_test())))]
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                return list(pool.map(lambda side: play(side, SCENARIOS[name]), sides))
        finally:
            self.free.append(number)

    def close(self):
        for ctl in self.ctls:
            ctl.close()
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def transcripts(request, subreaper):
    """{name: [of the original, of the one under test]} of all scenarios that were asked for."""
    if package() is None:
        pytest.skip("supervisord is not installed to compare with")
    if not has_control():
        pytest.skip("forkserver-control is not built")
    env = with_package({key: value for key, value in os.environ.items()
                        if not key.startswith(("PYTHON", "LISTEN_", "FORKSERVER_", "SUPERVISOR"))})
    env.update(TZ="UTC", LC_ALL="C.UTF-8")
    before = set(children())
    names = [item.callspec.params["name"] for item in request.session.items
             if item.function is test_control]
    stage = Stage(env)
    try:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            found = dict(zip(names, pool.map(stage.both, names)))
    finally:
        stage.close()
    left = [pid for pid in reap() if pid not in before]
    shown = "\n".join(process_tree(pid) for pid in left)
    for pid in left:
        os.kill(pid, 9)
    wait_until(lambda: set(reap()) <= before)
    found["left behind"] = shown
    return found


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_control(name, transcripts):
    theirs, ours = ([f"$ {step}\n{neutral(name, text)}".rstrip() + "\n" for step, text in side]
                    for side in transcripts[name])
    if theirs[-1].startswith("$ FAILED"):
        pytest.fail("the scenario is wrong:\n" + "".join(theirs), pytrace=False)
    if theirs != ours:
        lines = [side_lines for side in (theirs, ours)
                 for side_lines in ["".join(side).splitlines(keepends=True)]]
        pytest.fail("".join(difflib.unified_diff(*lines, "supervisord", "forkserver", n=6)), pytrace=False)
