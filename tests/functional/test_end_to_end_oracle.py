"""supervisord's own end-to-end tests, run against ours.

They start `python -m supervisor.supervisord` and talk to it with `python -m supervisor.supervisorctl`.  In a copy of
the package supervisord.py is replaced by a script that becomes the daemon under test; all else is the
original.  Each of its tests is one of ours, in a process of its own.
"""
import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

from conftest import DEADLINE, kill_descendants
from oracle_util import has_control, package, under_test, with_package

pytestmark = pytest.mark.xdist_group("end to end")
SUITE = "tests/test_end_to_end.py"

# In place of supervisord.py: the same arguments, the same pid.
BECOME = """
import os, sys
command = {command!r}
os.environ.pop("PYTHONPATH", None)
os.execv(command[0], command + sys.argv[1:])
"""

# Debian's package lacks this fixture.
HELLO = """#!/bin/bash
n=0
while [ $n -lt 10 ]; do
    let n=n+1
    echo "The Øresund bridge ends in Malmö - $n"
    sleep 1
done
"""


# The suite wants what the program of issue 638 has written in the main log before its end.  supervisord reads
# pipes before it reaps; here the output comes by way of the logger, and may come later than the news of an end.  So
# that program ends when its output is there.
SPEAKS = """command=bash -c 'echo -e "\\x88"'"""
SPEAKS_FIRST = """command=bash -c 'echo -e "\\x88"; until grep -q Undecodable {log}; do sleep 0.01; done'"""


def cases():
    place = package()
    if place is None or not (place / SUITE).exists():
        return []
    tree = ast.parse((place / SUITE).read_text("utf-8"))
    return [item.name for node in tree.body if isinstance(node, ast.ClassDef)
            for item in node.body if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")]


@pytest.fixture(scope="module")
def suite():
    """A directory with the copy of the package, a `python`, and all files that the suite would put into /tmp."""
    pytest.importorskip("pexpect")
    pytest.importorskip("pkg_resources")
    if not has_control():
        pytest.skip("forkserver-control is not built")
    # Not below pytest's own directory: the path of a unix socket may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="e2e-") as name:
        copy = os.path.join(name, "supervisor")
        shutil.copytree(package(), copy, ignore=shutil.ignore_patterns("__pycache__"))
        with open(os.path.join(copy, "supervisord.py"), "w") as file:
            file.write(BECOME.format(command=command()))
        hello = os.path.join(copy, "tests", "fixtures", "hello.sh")
        if not os.path.exists(hello):
            with open(hello, "w", encoding="utf-8") as file:
                file.write(HELLO)
        own_files(name, os.path.join(copy, "tests"))
        end_last(os.path.join(copy, "tests", "fixtures", "issue-638.conf"), os.path.join(name, "issue-638.log"))
        os.mkdir(os.path.join(name, "bin"))
        os.symlink(sys.executable, os.path.join(name, "bin", "python"))
        yield name


def command():
    words = under_test()
    return [shutil.which(words[0]) or words[0], *words[1:]]


def own_files(directory, tests):
    """Two runs at once must not share logs, pid files and sockets."""
    fixtures = os.path.join(tests, "fixtures")
    paths = [os.path.join(fixtures, name) for name in os.listdir(fixtures) if name.endswith(".conf")]
    for path in [*paths, os.path.join(tests, "test_end_to_end.py")]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"/tmp/(?=issue-|supervisord)", directory + "/", text))


def end_last(path, log):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.count(SPEAKS) == 1
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(SPEAKS, SPEAKS_FIRST.format(log=log)))


@pytest.mark.skipif(not cases(), reason="supervisord is not installed to compare with")
@pytest.mark.parametrize("case", cases() or ["none"])
def test_end_to_end(case, suite, environment):
    env = {**with_package(environment), "PYTHONPATH": suite, "END_TO_END": "1", "TMPDIR": suite,
           "PATH": suite + "/bin:" + environment.get("PATH", ""), "TERM": "dumb"}
    run = subprocess.run([sys.executable, "-m", "unittest",
                          f"supervisor.tests.test_end_to_end.EndToEndTests.{case}"],
                         cwd=suite, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=DEADLINE, start_new_session=True)
    text = run.stdout.decode(errors="replace")
    if "SUPERVISORD" in os.environ:
        kill_descendants()  # the original leaves programs behind when its terminal is closed
    assert run.returncode == 0 and "Ran 1 test" in text, text
