"""Imports that do what no import should: each ends in a verdict or a clear error, within its
deadline, and leaves no process behind (conftest's nothing_left looks after every test)."""
import dataclasses
import json
import os
import re

import pytest

import leak_table
from conftest import HERE, LEAKS, VERSIONS, version_tuple

HOSTILE = HERE / "hostile"
CLEAN, LEAKY, FAILED, REFUSED = 0, 1, 3, 4
TIMEOUT = 6  # seconds: preload_timeout of those that hang


@dataclasses.dataclass
class Row:
    status: tuple           # exit statuses that are right
    type: str = None        # regular expression for the error's type
    says: str = None        # and for its message, or what is shown to people
    function: str = None    # that the error's stack, or that of a thread of a hang, must show
    hangs: bool = False


def row(*status, **keys):
    return Row(status, **keys)


# Where several statuses are right, both "it did no harm" and "refused, and this is why" are honest
# answers; what never is, is missing.
ROWS = {
    "fork_child_continues": row(LEAKY),
    "exec": row(FAILED, says="exec|/bin/true"),
    "exec_missing": row(CLEAN),
    "exec_in_thread": row(FAILED, says="exec|/bin/true"),
    "vfork": row(CLEAN),
    "daemonise": row(FAILED, says="exit"),
    "exit": row(FAILED, says=r"\b7\b"),
    "exit_zero": row(FAILED, says="exit"),
    "sys_exit": row(FAILED, type="SystemExit", says="no licence found"),
    "sys_exit_zero": row(FAILED, type="SystemExit"),
    "keyboard_interrupt": row(FAILED, type="KeyboardInterrupt"),
    "segfault": row(FAILED, says="SIGSEGV"),
    "segfault_in_thread": row(FAILED, says="SIGSEGV"),
    "abort": row(FAILED, says="SIGABRT"),
    "kill_self": row(FAILED, says="SIGKILL"),
    "stop_self": row(CLEAN, FAILED, says="SIGSTOP"),
    "stop_for_good": row(FAILED, hangs=True, function="<module>"),
    "hang": row(FAILED, hangs=True, function="wait_for_database"),
    "busy": row(FAILED, hangs=True, function="spin"),
    "hang_blocked": row(FAILED, hangs=True, function="<module>"),
    "busy_threads": row(FAILED, hangs=True, function="spin_open"),
    "killed_after_exec": row(FAILED, type="^SIGKILL$"),
    "hang_child": row(FAILED, hangs=True, function="<module>"),
    "raise": row(FAILED, type="ValueError", says="no such shop: greengrocer", function="load"),
    "raise_chained": row(FAILED, type="RuntimeError", says="configuration is incomplete"),
    "raise_unprintable": row(FAILED, type="Rude"),
    "raise_huge": row(FAILED, type="ValueError", says="xxxx"),
    "syntax_error": row(FAILED, type="SyntaxError", says="invalid syntax"),
    "import_error": row(FAILED, type="ModuleNotFoundError", says="no_such_module_anywhere"),
    "recursion": row(FAILED, type="RecursionError", says="recursion"),
    "recursion_caught": row(LEAKY),
    "recursion_limit": row(CLEAN),
    "threads": row(CLEAN),
    "threads_left": row(LEAKY),
    "print": row(CLEAN),
    "close_stdio": row(CLEAN),
    "close_all": row(CLEAN, FAILED, REFUSED),
    "close_upper": row(CLEAN, FAILED, REFUSED),
    "own_sigchld_ignored": row(CLEAN),
    "setuid": row(CLEAN, FAILED, REFUSED),
    "seccomp": row(CLEAN, FAILED, REFUSED),
    "seccomp_tsync": row(CLEAN, FAILED, REFUSED),
    "seccomp_strict": row(CLEAN, FAILED, REFUSED),
    "traceme": row(CLEAN, FAILED, REFUSED),
    "ptrace_parent": row(CLEAN, FAILED, REFUSED),
    "not_dumpable": row(LEAKY, FAILED, REFUSED),  # it leaks, so never clean
    "kill_tracer": row(FAILED, REFUSED),
    "stop_tracer": row(CLEAN, FAILED, REFUSED, hangs=True),
    "signal_mask": row(CLEAN),
    "signal_ignored": row(CLEAN),
    "nofile": row(CLEAN, FAILED, REFUSED),
    "address_space": row(CLEAN, FAILED, REFUSED),
    "nproc_fsize": row(CLEAN, FAILED, REFUSED),
    "chdir": row(CLEAN),
    "umask": row(CLEAN),
    "nice": row(CLEAN),
    "affinity": row(CLEAN),
    "clear_environment": row(CLEAN),
    "modules_cleared": row(CLEAN, FAILED, REFUSED),
    "threading_broken": row(CLEAN, FAILED, REFUSED),
    "fork_in_thread": row(CLEAN),
    "fork_storm": row(CLEAN),
    "children_left": row(LEAKY),
    "process_group": row(CLEAN),
    "kill_group": row(FAILED, REFUSED, says="SIGKILL"),
    "unshare_files": row(LEAKY, FAILED, type="^UnsharedDescriptors$"),
    "atexit": row(CLEAN),
    "gc": row(CLEAN),
    "settrace": row(CLEAN),
    "audit_hook": row(CLEAN, FAILED, REFUSED),
    "big_memory": row(CLEAN),
    "lock_held": row(CLEAN),
    "faulthandler": row(LEAKY),
}

NEEDS_ROOT = {"setuid"}


@pytest.mark.plain
def test_table_covers_the_modules():
    assert {path.stem for path in HOSTILE.glob("*.py")} == {"hostile_" + name for name in ROWS}


def shown(audit):
    """Everything that a person could read of it."""
    return json.dumps(audit.report and audit.report.get("error")) + audit.stderr


def check_error(audit, expected):
    error = audit.report and audit.report["error"]
    assert error or audit.stderr.strip(), f"no word of why\n{audit}"
    if error:
        assert audit.verdict == "error"
        assert error["message"] or error["type"] in ("KeyboardInterrupt", "SystemExit", "Rude"), \
            str(audit)
        assert error["kind"] == ("import" if audit.status == FAILED else "audit"), str(audit)
    if expected.type:
        assert error and re.search(expected.type, error["type"]), str(audit)
    if expected.says:
        assert re.search(expected.says, shown(audit)), str(audit)
    if expected.function:
        stacks = [error["traceback"]] + [thread["traceback"] for thread in error["threads"] or []]
        functions = {frame["function"] for stack in stacks for frame in stack or []}
        assert expected.function in functions, str(audit)


def check(auditor, name, mode):
    expected = ROWS[name]
    if name in NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("only root can change its user")
    audit = auditor.run("hostile_" + name, path=[HOSTILE, LEAKS], mode=mode,
                        preload_timeout=TIMEOUT if expected.hangs else None)
    assert audit.status in expected.status, str(audit)
    if audit.status in (FAILED, REFUSED):
        check_error(audit, expected)
        return
    assert audit.report is not None and audit.report["error"] is None, str(audit)
    assert audit.verdict == ("clean" if audit.status == CLEAN else "violations"), str(audit)
    table = leak_table.read(HOSTILE / f"hostile_{name}.py")
    if table:
        problems = leak_table.compare(audit.violations, table, version_tuple(auditor.version))
        assert not problems, "\n".join(problems) + f"\n{audit}"


# Ends only by the supervisor's own deadline, long after the audit's: once is enough.
SLOW = {"stop_tracer"}


@pytest.mark.spread
@pytest.mark.parametrize("name", [name for name in ROWS if name not in SLOW])
def test_hostile(auditor, name):
    check(auditor, name, "filter")


@pytest.mark.parametrize("version", VERSIONS[-1:] or ["none"])
@pytest.mark.parametrize("name", sorted(SLOW))
def test_hostile_slow(version, tmp_path, environment, name):
    from conftest import Auditor
    check(Auditor(version, tmp_path, environment), name, "filter")


@pytest.mark.spread
@pytest.mark.parametrize("name", [name for name in ROWS if name not in SLOW])
def test_hostile_full_mode(auditor, name):
    check(auditor, name, "full")


def test_cause_is_not_a_stale_one(auditor):
    """The line of a failed exec is not that of a later death."""
    audit = auditor.run("hostile_killed_after_exec", path=HOSTILE)
    assert audit.report["error"]["traceback"] == [], str(audit)


def test_fork_child_is_not_the_audited(auditor):
    """The child that ran to the end of the import as well does not report or fork in its parent's
    name."""
    audit = auditor.run("hostile_fork_child_continues", path=HOSTILE)
    assert [found["kind"] for found in audit.violations] == ["process"], str(audit)
    frame = audit.violations[0]["traceback"][-1]
    assert frame["source"] == "pid = os.fork()", str(audit)


def test_segfault_shows_the_line(auditor):
    audit = auditor.run("hostile_segfault", path=HOSTILE)
    assert audit.status == FAILED, str(audit)
    lines = [frame["source"] for frame in audit.report["error"]["traceback"]]
    assert "ctypes.string_at(0)" in lines, str(audit)


def test_exit_shows_the_line(auditor):
    audit = auditor.run("hostile_exit", path=HOSTILE)
    lines = [frame["source"] for frame in audit.report["error"]["traceback"]]
    assert "os._exit(7)" in lines, str(audit)


def test_exception_text_is_pythons_own(auditor):
    """Chained exceptions and all, as the interpreter would print them."""
    audit = auditor.run("hostile_raise_chained", path=HOSTILE)
    text = audit.report["error"]["text"]
    assert "KeyError: 'key'" in text
    assert "The above exception was the direct cause of the following exception:" in text
    assert text.rstrip().endswith("RuntimeError: configuration is incomplete")


def test_output_is_not_lost(auditor):
    """What the import prints comes through, whole."""
    audit = auditor.run("hostile_print", path=HOSTILE)
    assert (audit.stdout + audit.stderr).count("o" * 20000) == 500, str(audit)
    assert (audit.stdout + audit.stderr).count("e" * 20000) == 500, str(audit)


def test_module_without_source(auditor):
    audit = auditor.run("no_such_module_at_all")
    assert audit.status == FAILED, str(audit)
    assert audit.report["error"]["type"] == "ModuleNotFoundError"


def test_warmup_that_fails(auditor):
    (auditor.directory / "boot.py").write_text("def warm():\n    raise OSError('no database')\n")
    audit = auditor.run("json", path=auditor.directory, warmup="boot:warm")
    assert audit.status == FAILED, str(audit)
    assert "no database" in audit.report["error"]["message"]


@pytest.mark.parametrize("warmup", ["boot", "boot:", "boot:missing", "nowhere:warm", "boot:VALUE"])
def test_warmup_that_is_none(auditor, warmup):
    (auditor.directory / "boot.py").write_text("VALUE = 1\n")
    audit = auditor.run("json", path=auditor.directory, warmup=warmup)
    assert audit.status in (2, FAILED), str(audit)
    module, _, name = warmup.partition(":")
    said = shown(audit)
    assert "warmup" in said or module in said or (name and name in said), str(audit)
