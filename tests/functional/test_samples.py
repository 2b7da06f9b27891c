"""The configurations in conf/: they are accepted, say nothing that is not so, and do what they are there for."""
import os
import re
import subprocess

import pytest

from conftest import DEADLINE, TOP, builddir

SAMPLES = ["forkserver.conf", "container.conf"]
LINE = re.compile(r"([;#]?)([a-z][a-z_]*) = (.*?)(?:\s+;.*)?")
HEADER = re.compile(r"[;#]?\[([a-z_-]+)(?::\w+)?\]")
PROGRAM = ["program", "numbering", "env_file", "environment", "process"]
TABLES = {"supervisord": ["daemon"], "unix_http_server": ["unix"], "inet_http_server": ["inet"], "supervisorctl": ["ctl"],
          "zygote": ["zygote"], "socket": ["socket"], "group": ["group"], "program": PROGRAM,
          "eventlistener": ["listener", *PROGRAM], "fcgi-program": ["fcgi", *PROGRAM], "include": ["include"]}


def check(path):
    return subprocess.run([builddir() / "forkserver", "--check-config", "-c", path], timeout=DEADLINE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def sample(name):
    return (TOP / "conf" / name).read_text()


def defaults():
    """{table: {key: the text of its default, or None}}, from the sources."""
    found = {}
    for path in sorted((TOP / "src/config").glob("schema*.c")):
        for table, rows in re.findall(r"schema_key (\w+)_keys\[\] = \{(.*?)\n\};", path.read_text(), re.S):
            row = re.compile(r'\{ "([\w.]+)",\s*(?:&\w+|NULL),\s*(?:AT\([\w.]+\)|0),\s*(?:"([^"]*)"|\w+(?:\(\w+\))?)')
            found[table] = {key: text or None for key, text in row.findall(rows)}
    assert found["daemon"]["loglevel"] == "info" and found["process"]["stdout_logfile"] == "AUTO"
    return found


def lines(text):
    """Each key of a sample: section, its mark, name, value."""
    section = None
    for line in text.splitlines():
        header, key = HEADER.fullmatch(line), LINE.fullmatch(line)
        if header:
            section = header.group(1)
        elif key:
            yield section, *key.groups()
        else:
            assert not line or line.startswith("# ") or line == "#", f"neither a key nor a comment: {line}"


@pytest.mark.parametrize("name", SAMPLES)
def test_accepted_as_it_is(name):
    done = check(TOP / "conf" / name)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_commented_out_is_right_as_well(tmp_path):
    text = sample("forkserver.conf").replace("www-data", "root")  # who is everywhere
    text, n = re.subn(r"^[;#]((?:[a-z_]+ = |\[).*)$", r"\1", text, flags=re.M)
    assert n > 100
    (tmp_path / "forkserver.d").mkdir()
    (tmp_path / "forkserver.d/empty.conf").write_text("")
    (tmp_path / "all.conf").write_text(text)
    done = check(tmp_path / "all.conf")
    assert (done.returncode, done.stdout) == (0, "")


def test_defaults_are_the_defaults():
    known, shown = defaults(), 0
    for section, mark, key, value in lines(sample("forkserver.conf")):
        fallbacks = [known[table][key] for table in TABLES[section] if key in known[table]]
        assert len(fallbacks) == 1, f"no such key in [{section}]: {key}"
        if mark == ";":
            assert fallbacks[0] == value, (section, key)
            shown += 1
    assert shown > 50


def test_every_key_of_a_supervisord_program_is_shown():
    page = (TOP / "man/forkserver-supervisord.7").read_text()
    table = re.search(r"^\.Ss \[program:x\]$(.*?)^\.El$", page, re.M | re.S).group(1)
    keys = set(re.findall(r"^\.It Ic (\w+) Ta", table, re.M))
    assert {"command", "stderr_syslog"} <= keys
    assert keys <= {key for section, _, key, _ in lines(sample("forkserver.conf")) if section == "program"}


def test_a_container_ends_with_its_program(tmp_path):
    text = sample("container.conf").replace("/run/", f"{tmp_path}/")
    for name, script in (("main", f"echo from main; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; exit 3"),
                         ("helper", f"echo from helper; : > {tmp_path}/go; exec sleep 1000")):
        assert f"/usr/local/bin/{name}\n" in text
        text = text.replace(f"/usr/local/bin/{name}\n", f"/bin/sh -c '{script}'\n")
    (tmp_path / "container.conf").write_text(text)
    done = subprocess.run([builddir() / "forkserver", "-c", tmp_path / "container.conf"], timeout=DEADLINE, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 3, done
    out = done.stdout.splitlines()
    assert len(out) == 2 and out[0] == "from main", done.stdout
    assert re.fullmatch(r"\d{4}-\d\d-\d\d .*\bhelper\b.* from helper", out[1]), done.stdout
    assert "main is essential and has ended for good" in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["container.conf", "go"]
