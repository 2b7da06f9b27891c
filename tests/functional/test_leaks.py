"""Every way of leaking that Python code can take is found, and blamed on the right line.

The table is the modules in leaks/ themselves: see leak_table.py.
"""
import json
import os
import subprocess
import sys
import zipfile

import pytest

import leak_table
from conftest import DEADLINE, LEAKS, interpreter, plain_pythons, version_tuple

CASES = leak_table.load()

# One of each kind, and what depends on how the import is traced.
FULL_MODE = ["leak_open", "leak_socketpair", "leak_scm_rights_3", "leak_dup2", "leak_dup_chain",
             "leak_reused_number", "leak_epoll", "leak_memfd", "leak_in_thread", "leak_method",
             "leak_thread_alive", "leak_process_pipes", "leak_fork", "leak_daemon",
             "leak_mmap_file", "leak_flock", "leak_io_uring", "leak_plugins",
             "leak_asyncio_loop", "leak_pidfd_getfd", "leak_multiprocessing",
             "leak_seccomp_listener", "leak_in_thread_pool", "leak_shared_memory", "leak_zombie"]


@pytest.mark.plain
def test_table_is_large_enough():
    assert len(CASES) >= 45
    assert set(FULL_MODE) <= set(CASES)
    assert all(case.expected for case in CASES.values())


@pytest.mark.plain
@pytest.mark.parametrize("which", plain_pythons())
def test_table_is_true(which, tmp_path, environment):
    """A plain interpreter, asked through /proc, agrees with the table: what each module says that it
    leaks is what it leaks, in number and kind."""
    python = sys.executable if which == "plain" else interpreter(which)
    run = subprocess.run([python, str(LEAKS / "plainrun.py"), *CASES], cwd=tmp_path, timeout=DEADLINE,
                         env={**environment, "PYTHONPATH": str(LEAKS)}, check=True,
                         stdout=subprocess.PIPE)
    kinds = {"fds": ("fd", "io_uring"), "threads": ("thread",), "processes": ("process",),
             "mappings": ("mapping",), "locks": ("lock",)}
    problems = []
    supported = 0
    for name, seen in json.loads(run.stdout).items():
        if "unsupported" in seen:
            continue
        supported += 1
        if "error" in seen:
            problems.append(f"{name}: {seen['error']}")
            continue
        for key, members in kinds.items():
            want = sum(each.count for each in CASES[name].expected if each.kind in members)
            got = len(seen[key]) if key == "fds" else seen[key]
            if want != got:
                problems.append(f"{name}: {key}: table says {want}, /proc {got} {seen['fds']}")
    assert not problems, "\n".join(problems)
    assert supported >= 45


def skip_unsupported(auditor, name):
    """Skips a module that this kernel, machine or user cannot run even without an audit."""
    run = subprocess.run([interpreter(auditor.version), str(LEAKS / "plainrun.py"), name],
                         cwd=auditor.directory, timeout=DEADLINE, stdout=subprocess.PIPE,
                         env={**auditor.env, "PYTHONPATH": str(LEAKS)}, check=True)
    seen = json.loads(run.stdout)[name]
    if "unsupported" in seen:
        pytest.skip(seen["unsupported"])
    for path in auditor.directory.iterdir():
        if path.is_file() and path.suffix != ".conf":
            path.unlink()


def check(auditor, name, mode):
    case = CASES[name]
    if case.probe:
        skip_unsupported(auditor, name)
    audit = auditor.run(name, path=LEAKS, mode=mode)
    assert audit.report is not None, str(audit)
    problems = leak_table.compare(audit.violations, case.expected, version_tuple(auditor.version))
    assert not problems, "\n".join(problems) + f"\n{audit}"
    assert audit.status == 1, str(audit)
    assert audit.verdict == "violations", str(audit)
    assert audit.report["schema"] == "forkserver-audit/1"
    assert audit.report["target"] == [name]
    assert version_tuple(audit.report["python"])[:2] == version_tuple(auditor.version)
    assert audit.report["error"] is None
    for violation in audit.violations:
        check_shape(violation)


def check_shape(violation):
    """What holds for every finding."""
    assert violation["hint"], violation
    assert violation["target"], violation
    assert violation["baseline"] is False
    assert isinstance(violation["flags"], list)
    for frame in violation["traceback"]:
        assert frame["file"] and frame["function"]
        assert "importlib._bootstrap" not in frame["file"], violation


# Workers are forked by a thread that a filter of the application's own would not cover, so that they
# would run without it: refused unless the main thread forks.
FULL_MODE_ONLY = {"leak_seccomp_listener"}


def test_filter_of_its_own(auditor):
    skip_unsupported(auditor, "leak_seccomp_listener")
    audit = auditor.run("leak_seccomp_listener", path=LEAKS)
    assert audit.status == 3, str(audit)
    assert "seccomp" in audit.report["error"]["message"]
    assert "full" in audit.report["error"]["message"]
    frame = leak_table.own_frame({"traceback": audit.report["error"]["traceback"]},
                                 CASES["leak_seccomp_listener"].files)
    assert frame["line"] == CASES["leak_seccomp_listener"].expected[0].line, str(audit)


@pytest.mark.spread
@pytest.mark.parametrize("name", sorted(set(CASES) - FULL_MODE_ONLY))
def test_leak(auditor, name):
    check(auditor, name, "filter")


@pytest.mark.spread
@pytest.mark.parametrize("name", FULL_MODE)
def test_leak_full_mode(auditor, name):
    check(auditor, name, "full")


# ---------------------------------------------------------------- C extensions

EXTENSION = {
    "open": "handle = leakext.open_file(__file__)",
    "open_nogil": "handle = leakext.open_file_nogil(__file__)",
    "fopen": "handle = leakext.fopen_file(__file__)",
    "callback": "leakext.call(lambda: kept.append(open(__file__)))",
}


def write_case(directory, name, text):
    """Writes a module with LEAK marks; returns what they say."""
    path = directory / (name + ".py")
    path.write_text(text, "utf-8")
    return leak_table.read(path)


def compare(audit, expected, version):
    assert audit.report is not None, str(audit)
    problems = leak_table.compare(audit.violations, expected, version_tuple(version))
    assert not problems, "\n".join(problems) + f"\n{audit}"
    assert audit.status == 1, str(audit)


@pytest.mark.parametrize("how", EXTENSION)
def test_c_extension(auditor, extension_dir, tmp_path, how):
    function = "<lambda>" if how == "callback" else "<module>"
    expected = write_case(tmp_path, "leak_by_extension",
                          "import leakext\n\nkept = []\n"
                          f"{EXTENSION[how]}  # LEAK type=file syscall=openat func={function}\n")
    audit = auditor.run("leak_by_extension", path=[tmp_path, extension_dir(auditor.version)])
    compare(audit, expected, auditor.version)


def test_c_extension_at_init(auditor, extension_dir, tmp_path):
    """Opened while the extension is loaded: the import statement is to blame."""
    expected = write_case(tmp_path, "leak_by_init", "\nimport leakext  # LEAK type=file\n")
    audit = auditor.run("leak_by_init", path=[tmp_path, extension_dir(auditor.version)],
                        env={"LEAKEXT_OPEN_AT_INIT": "/etc/passwd"})
    compare(audit, expected, auditor.version)
    assert audit.violations[0]["target"] == "/etc/passwd"


@pytest.mark.parametrize("how", ["open_in_c_thread", "open_in_clone_files"])
def test_c_extension_elsewhere(auditor, extension_dir, tmp_path, how):
    """Opened by a thread without Python, or by a child that shares the table of fds: never lost, and
    if it is attributed, then to the right line."""
    expected = write_case(tmp_path, "leak_elsewhere",
                          f"import leakext\n\nleakext.{how}(__file__)  # LEAK type=file attributed=any\n")
    audit = auditor.run("leak_elsewhere", path=[tmp_path, extension_dir(auditor.version)])
    assert audit.status == 1, str(audit)
    assert len(audit.violations) == 1, str(audit)
    found = audit.violations[0]
    assert found["kind"] == "fd" and found["target"].endswith("leak_elsewhere.py"), str(audit)
    frame = leak_table.own_frame(found, [expected[0].file])
    assert frame is None or frame["line"] == expected[0].line, str(audit)


# ---------------------------------------------------------------- odd sources

def only_finding(audit):
    assert audit.status == 1, str(audit)
    assert len(audit.violations) == 1, str(audit)
    return audit.violations[0]


SMALL = "def setup():\n    return open('/etc/passwd')\n\n\nhandle = setup()\n"


def test_zip(auditor, tmp_path):
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as bundle:
        bundle.writestr("leak_zipped.py", SMALL)
    found = only_finding(auditor.run("leak_zipped", path=tmp_path / "bundle.zip"))
    frame = found["traceback"][-1]
    assert frame["file"].endswith("bundle.zip/leak_zipped.py")
    assert (frame["line"], frame["function"]) == (2, "setup")
    assert found["target"] == "/etc/passwd"


def test_source_missing(auditor, tmp_path):
    """Only the .pyc is there: line and function are known, the source line is not."""
    source = tmp_path / "leak_compiled.py"
    source.write_text(SMALL)
    subprocess.run([interpreter(auditor.version), "-c",
                    "import py_compile, sys; py_compile.compile(sys.argv[1], sys.argv[2])",
                    str(source), str(tmp_path / "leak_compiled.pyc")], check=True, timeout=DEADLINE)
    source.unlink()
    found = only_finding(auditor.run("leak_compiled", path=tmp_path))
    frame = found["traceback"][-1]
    assert frame["file"] == str(source)
    assert (frame["line"], frame["function"]) == (2, "setup")
    assert not frame["source"]


def test_path_not_utf8(auditor, tmp_path):
    place = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(place)
    with open(place + b"/leak_latin.py", "w") as file:
        file.write("handle = open(__file__)\n")
    found = only_finding(auditor.run("leak_latin", path=place))
    frame = found["traceback"][-1]
    assert frame["file"].endswith("/caf\\xe9/leak_latin.py"), found
    assert frame["line"] == 1
    assert found["target"].endswith("leak_latin.py"), found


def test_source_not_utf8(auditor, tmp_path):
    (tmp_path / "leak_latin1.py").write_bytes(
        b"# -*- coding: latin-1 -*-\nhandle = open(__file__)  # caf\xe9\n")
    found = only_finding(auditor.run("leak_latin1", path=tmp_path))
    assert found["traceback"][-1]["line"] == 2


def test_very_long_source_line(auditor, tmp_path):
    (tmp_path / "leak_wide.py").write_text("data = '" + "x" * 200000 + "'; handle = open(__file__)\n")
    found = only_finding(auditor.run("leak_wide", path=tmp_path))
    assert found["traceback"][-1]["line"] == 1


def test_two_modules_and_warmup(auditor, tmp_path):
    """What each of several modules and the warm-up callable leaks is blamed on each."""
    expected = write_case(tmp_path, "leak_first", "a = open(__file__)  # LEAK type=file\n")
    expected += write_case(tmp_path, "leak_second", "\nb = open(__file__)  # LEAK type=file\n")
    expected += write_case(tmp_path, "leak_boot", "kept = []\n\n\ndef warm():\n"
                           "    kept.append(open(__file__))  # LEAK type=file func=warm\n")
    audit = auditor.run("leak_first", "leak_second", path=tmp_path, warmup="leak_boot:warm")
    compare(audit, expected, auditor.version)
    assert audit.report["target"] == ["leak_first", "leak_second"]


# ---------------------------------------------------------------- the text, as a person sees it

def test_text(auditor, tmp_path):
    (tmp_path / "leak_shown.py").write_text(SMALL)
    audit = auditor.run("leak_shown", path=tmp_path, format="text", options=["--color", "never"])
    assert audit.status == 1, audit.text + audit.stderr
    assert f'File "{tmp_path}/leak_shown.py", line 2, in setup' in audit.text, audit.text
    assert "return open('/etc/passwd')" in audit.text
    assert f'File "{tmp_path}/leak_shown.py", line 5, in <module>' in audit.text
    assert "/etc/passwd" in audit.text
    assert "importlib" not in audit.text
    assert "\x1b" not in audit.text


# ---------------------------------------------------------------- rules

def test_allow_rule(auditor):
    """An allow rule takes one finding away and leaves the rest."""
    audit = auditor.run("leak_dup_both", path=LEAKS, allow=["file:*leak_dup_both.py keep"])
    assert audit.status == 0, str(audit)
    assert audit.verdict == "clean"
    assert len(audit.report["allowed"]) == 2
    assert {found["rule"] for found in audit.report["allowed"]} == {"file:*leak_dup_both.py keep"}


def test_allow_rule_at_location(auditor):
    expected = CASES["leak_plugins"].expected
    audit = auditor.run("leak_plugins", path=LEAKS, allow=["file at alpha.py:2"])
    beta = [each for each in expected if each.file.name == "beta.py"]
    compare(audit, beta, auditor.version)
    assert len(audit.report["allowed"]) == 1


def test_allow_rule_unused(auditor):
    audit = auditor.run("leak_open", path=LEAKS, allow=["socket:*"])
    assert audit.status == 1, str(audit)
    assert audit.report["unused_rules"] == ["socket:*"]


def test_inline_comment(auditor, tmp_path):
    (tmp_path / "leak_commented.py").write_text(
        "handle = open(__file__)  # forkserver: allow-fd\nother = open(__file__)\n")
    found = only_finding(auditor.run("leak_commented", path=tmp_path))
    assert found["traceback"][-1]["line"] == 2


def test_baseline(auditor, tmp_path):
    """A written baseline makes the same leaks pass, and a new one fail."""
    module = tmp_path / "leak_known.py"
    module.write_text("handle = open(__file__)\n")
    baseline = tmp_path / "baseline.json"
    first = auditor.run("leak_known", path=tmp_path, options=["--write-baseline", str(baseline)])
    assert baseline.exists(), str(first)
    again = auditor.run("leak_known", path=tmp_path, options=["--baseline", str(baseline)])
    assert again.status == 0, str(again)
    assert [found["baseline"] for found in again.violations] == [True]
    module.write_text("handle = open(__file__)\n\nimport socket\ns = socket.socket()\n")
    new = auditor.run("leak_known", path=tmp_path, options=["--baseline", str(baseline)])
    assert new.status == 1, str(new)
    assert sorted((found["type"], found["baseline"]) for found in new.violations) == \
        [("file", True), ("socket", False)]
