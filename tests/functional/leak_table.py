"""The table of leaks, read from the modules in leaks/ themselves.

A line that leaks says so at its end:

    fds = os.pipe()  # LEAK type=pipe n=2; kind=thread name=worker

Each part between semicolons is a finding that the audit must blame on this line:
    kind=        fd (default), thread, process, mapping, lock, io_uring
    type=        of an fd; several with |
    n=           how many such findings (default 1)
    func=        function, qualified as on 3.11 and later (default <module>)
    func@3.X=    another one from that version on
    syscall=     the call that made it
    target=      what the decoded target must contain
    flags=       flags that must be among the decoded ones
    thread=      name of the thread that did it (default MainThread)
    name=        of a thread that is alive: its own name
    fd=          the number
    lineage=yes  the report must say what it is a copy of, back to the line marked `# ORIGIN`
    depth=       least number of frames in the traceback
    attributed=  no: must be reported unattributed; any: may be
A line `# NEEDS probe` marks a module that not every kernel, machine or user can run.
"""
import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent / "leaks"
KEYS = {"kind", "type", "n", "func", "syscall", "target", "flags", "thread", "name", "fd", "lineage",
        "depth", "attributed"}


@dataclasses.dataclass
class Expected:
    file: pathlib.Path
    line: int
    source: str
    keys: dict

    def __getattr__(self, name):
        return self.keys.get(name)

    @property
    def kind(self):
        return self.keys.get("kind", "fd")

    @property
    def count(self):
        return int(self.keys.get("n", 1))

    def function(self, version):
        """The function's name as that version of CPython can know it."""
        name = self.keys.get("func", "<module>")
        best = (0, 0)
        for key, value in self.keys.items():
            if key.startswith("func@"):
                since = tuple(map(int, key[5:].split(".")))
                if best < since <= version:
                    best, name = since, value
        if version < (3, 11):
            # co_qualname came with 3.11
            name = re.split(r"\.(?![^<]*>)", name)[-1]
        return name

    def __str__(self):
        keys = " ".join(f"{key}={value}" for key, value in self.keys.items())
        return f"{self.file.name}:{self.line}: {keys or 'fd'}"


def read(path):
    """The findings that a module says it causes."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        code, mark, text = line.partition("# LEAK")
        if not mark:
            continue
        for part in text.split(";"):
            keys = dict(word.split("=", 1) for word in part.split())
            unknown = {key.split("@")[0] for key in keys} - KEYS
            assert not unknown, f"{path}:{number}: {unknown}"
            found.append(Expected(path, number, line.strip(), keys))
    return found


@dataclasses.dataclass
class Case:
    name: str
    files: list
    probe: bool
    expected: list


EXTRA_FILES = {
    "leak_package_deep": ["leakpkg/first/second.py"],
    "leak_plugins": ["leakpkg/plugins/alpha.py", "leakpkg/plugins/beta.py"],
}


def load():
    """Every case, by name."""
    cases = {}
    for path in sorted(HERE.glob("leak_*")):
        if path.is_dir():
            path = path / "__init__.py"
            name = path.parent.name
        else:
            name = path.stem
        files = [path] + [HERE / extra for extra in EXTRA_FILES.get(name, [])]
        expected = [each for file in files for each in read(file)]
        probe = "# NEEDS probe" in path.read_text("utf-8")
        cases[name] = Case(name, files, probe, expected)
    return cases


# ---------------------------------------------------------------- a finding against the table

def own_frame(violation, files):
    """The innermost frame of a traceback that is in one of the case's own files."""
    wanted = {str(file) for file in files}
    for frame in reversed(violation.get("traceback") or []):
        if frame["file"] in wanted:
            return frame
    return None


def origin_is_right(violation, file):
    """Whether the oldest fd of a lineage was made on a line that the module marks."""
    lineage = violation.get("lineage") or []
    marked = [number for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
              if line.endswith("# ORIGIN")]
    if not lineage or not marked:
        return bool(lineage)
    frame = own_frame(lineage[-1], [file])
    return frame is not None and frame["line"] in marked


def mismatches(violation, expected, version):
    """What is wrong with a finding that is meant to be `expected`: a list of words, best empty."""
    wrong = []

    def check(what, ok):
        if not ok:
            wrong.append(what)

    check("kind", violation["kind"] == expected.kind)
    if expected.kind in ("fd", "io_uring"):
        check("fd", isinstance(violation.get("fd"), int) and violation["fd"] > 2)
    if expected.fd:
        check("fd number", violation.get("fd") == int(expected.fd))
    if expected.type:
        check("type", violation.get("type") in expected.type.split("|"))
    if expected.target:
        check("target", expected.target in (violation.get("target") or ""))
    for flag in (expected.flags or "").split(","):
        check("flag " + flag, not flag or flag in (violation.get("flags") or []))
    if expected.name:
        check("name", expected.name in (violation.get("target"), violation.get("name")))
    if expected.attributed == "no":
        check("attributed", violation.get("attributed") is False)
        return wrong
    if expected.attributed == "any" and violation.get("attributed") is False:
        return wrong
    check("attributed", violation.get("attributed") is True)
    if expected.syscall:
        check("syscall", violation.get("syscall") == expected.syscall)
    if expected.kind != "thread":
        check("thread", violation.get("thread") == (expected.thread or "MainThread"))
    if expected.lineage:
        check("lineage", origin_is_right(violation, expected.file))
    if expected.depth:
        check("depth", len(violation.get("traceback") or []) >= int(expected.depth))
    frame = own_frame(violation, [expected.file])
    if frame is None:
        return wrong + ["no frame in " + expected.file.name]
    check(f"line {frame['line']}", frame["line"] == expected.line)
    check(f"function {frame['function']}", frame["function"] == expected.function(version))
    check("source", (frame.get("source") or "").strip() == expected.source)
    return wrong


def compare(violations, expected, version):
    """Pairs findings with expectations; returns lines that say what does not fit."""
    left = list(violations)
    problems = []
    for each in expected:
        for _ in range(each.count):
            ranked = sorted(left, key=lambda violation: len(mismatches(violation, each, version)))
            if not ranked:
                problems.append(f"missing: {each}")
                continue
            wrong = mismatches(ranked[0], each, version)
            if not wrong:
                left.remove(ranked[0])
            elif any(violation["kind"] == each.kind for violation in ranked):
                problems.append(f"{each}: not found; the nearest has a wrong {', '.join(wrong)}")
            else:
                problems.append(f"missing: {each}")
    problems += [f"unexpected: {brief(violation)}" for violation in left]
    return problems


def brief(violation):
    frame = (violation.get("traceback") or [{}])[-1]
    return (f"{violation['kind']} {violation.get('fd', '')} {violation.get('type', '')} "
            f"{violation.get('target')!r} by {violation.get('syscall')} in thread "
            f"{violation.get('thread')} at {frame.get('file')}:{frame.get('line')} "
            f"{frame.get('function')}")
