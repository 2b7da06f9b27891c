#!/usr/bin/env python3
"""Audits real packages, each in a run of its own, and compares every report with an independent
reading of /proc.  Writes the table README.md.

    tests/corpus/run.py [--builddir DIR] [--install] [--only WORD]… [--output FILE]

For each line of packages.txt: `forkserver --audit-only` on the modules, with a warm-up callable
(apps/corpus_probe.py) that writes what /proc shows of the process once it has settled.  The set of
open fds, of threads and of children in the report must equal what was read.  Exit status 0 if they
all agree and every finding is attributed or marked unattributed, else 1.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
APPS = HERE / "apps"
ATTEMPTS = 3  # a thread pool that shrinks between the two readings is read again


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("FORKSERVER_BUILDDIR", str(HERE.parent.parent / "build"))
    parser.add_argument("--builddir", type=pathlib.Path, default=default)
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--install", action="store_true",
                        help="install missing packages with apt-get (as root)")
    parser.add_argument("--only", action="append", default=[], metavar="WORD",
                        help="only lines that contain WORD; the table is then not written")
    parser.add_argument("--output", type=pathlib.Path, help="default: README.md beside this file")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one audit")
    return parser.parse_args()


def packages(only):
    """[(package, [modules])]"""
    found = []
    for line in (HERE / "packages.txt").read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if not only or any(word in line for word in only):
            found.append((words[0], words[1].split(",")))
    return found


def versions(names):
    """{package: version} of those that are installed."""
    out = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\\n",
                          *names], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    rows = (line.split() for line in out.stdout.splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 3 and row[2] == "installed"}


def install(names):
    subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", *names], check=True,
                   stdin=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


# ---------------------------------------------------------------- one audit

def audit(options, modules):
    """(exit status, report or None, probe or None, what it said) of one audit in an empty place."""
    with tempfile.TemporaryDirectory(prefix="corpus-") as place:
        report, probe = pathlib.Path(place, "report.json"), pathlib.Path(place, "probe.json")
        env = {name: value for name, value in os.environ.items()
               if not name.startswith(("PYTHON", "DJANGO_", "LISTEN_"))}
        env.update(CORPUS_PROBE=str(probe), HOME=place, TMPDIR=place,
                   PYTHONPYCACHEPREFIX=str(options.cache))
        run = subprocess.run([options.builddir / "forkserver", "--audit-only", "--format", "json",
                              "--output", report, "--python", options.python, "--path", APPS,
                              "--warmup", "corpus_probe:dump", *modules],
                             cwd=place, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, timeout=options.timeout)

        def load(path):
            return json.loads(path.read_text("utf-8", "replace")) if path.exists() else None
        return run.returncode, load(report), load(probe), run.stderr.decode(errors="replace")


def findings(report, kind):
    return [each for each in report["violations"] + report["allowed"] if each["kind"] == kind]


def differences(report, probe, base):
    """What the report says against what was read: a list of words, best empty."""
    wrong = []
    if not probe["settled"]:
        wrong.append("not settled")

    own = {fd for fd in base["fds"] if same_kind(probe["fds"].get(fd), base["fds"][fd])}
    read = set(map(int, set(probe["fds"]) - own))
    told = {each["fd"] for each in findings(report, "fd") + findings(report, "io_uring")}
    if read != told:
        wrong.append(f"fds: /proc {sorted(read)}, report {sorted(told)}")

    read = set(map(int, probe["threads"]))
    told = {each["pid"] for each in findings(report, "thread")}
    left = read - told
    # The main thread and the one that forks are ours.
    if not told <= read or len(left) != len(base["threads"]) or probe["pid"] not in left:
        wrong.append(f"threads: /proc {probe['threads']}, report {sorted(told)}")

    read = set(map(int, probe["children"]))
    told = {each["pid"] for each in findings(report, "process")}
    if read != told:
        wrong.append(f"children: /proc {probe['children']}, report {sorted(told)}")
    return wrong


def same_kind(target, other):
    """socket:[1] is socket:[2] of another run."""
    if target is None:
        return False
    return re.sub(r"\[\d+\]$", "", target) == re.sub(r"\[\d+\]$", "", other)


# ---------------------------------------------------------------- the table

Result = collections.namedtuple("Result", "package version modules verdict counts agree wrong notes "
                                "unattributed seconds")


def place(finding):
    """Where it comes from, in a few words."""
    frame = finding.get("location") or (finding["traceback"] or [None])[-1]
    if not frame:
        return "unattributed" if not finding["attributed"] else "no Python line"
    path = re.sub(r".*/(?:dist-packages|site-packages|corpus/apps|python3\.\d+)/", "", frame["file"])
    return f"{path}:{frame['line']}"


def notes(report):
    """Each kind of finding with its places, most frequent first."""
    if report["error"]:
        return f"{report['error']['type']}: {report['error']['message'] or ''}".splitlines()[0][:120]
    groups = collections.Counter()
    for each in report["violations"] + report["allowed"]:
        what = (each["type"] if each["kind"] == "fd" else each["kind"]) or each["kind"]
        if each["kind"] == "fd" and each["type"] == "file":
            what = "`" + each["target"].replace((report["cwd"] or "?") + "/", "") + "`"
        groups[what, place(each)] += 1
    words = [f"{count}× {what} ({where})" if count > 1 else f"{what} ({where})"
             for (what, where), count in groups.most_common()]
    if len(words) > 5:
        words = words[:5] + [f"and {len(words) - 5} more places"]
    return "; ".join(words)


def one(options, package, version, modules, base):
    for _ in range(ATTEMPTS):
        start = time.monotonic()
        try:
            status, report, probe, said = audit(options, modules)
        except subprocess.TimeoutExpired:
            return Result(package, version, modules, "timeout", {}, False, ["no verdict"], "", 0, 0)
        seconds = time.monotonic() - start
        if report is None:
            wrong = [f"status {status}, no report: {said.strip()[-200:]}"]
            continue
        if report["error"]:
            return Result(package, version, modules, "error", {}, False, [notes(report)],
                          notes(report), 0, seconds)
        wrong = differences(report, probe, base) if probe else ["the probe did not run"]
        if status != {"clean": 0, "violations": 1}[report["verdict"]]:
            wrong.append(f"exit status {status}")
        if not wrong:
            break
    if report is None:
        return Result(package, version, modules, "none", {}, False, wrong, "", 0, seconds)
    every = report["violations"] + report["allowed"]
    if any(not isinstance(each.get("attributed"), bool) for each in every):
        wrong.append("a finding is neither attributed nor marked unattributed")
    counts = collections.Counter(each["kind"] for each in every)
    return Result(package, version, modules, report["verdict"], counts, not wrong, wrong,
                  notes(report), sum(not each["attributed"] for each in every), seconds)


HEAD = """# Corpus: real packages under the audit

Written by `tests/corpus/run.py`; do not edit.  Each line is one audit of its own: the modules are
imported by `forkserver --audit-only`, and the fds, threads and children that the report names are
compared with what `/proc` showed of the process at the end of its import.  Packages are those of
Debian {debian}, the Python is {python}; `corpus_*` are the small applications in `apps/`.

{audits} audits of {packages} packages: {clean} clean, {violations} with findings, {errors} errors.
Report and `/proc` agree in {agree} of {audits}.  {findings} findings, {attributed} of them
attributed to a line or a thread, {unattributed} marked unattributed.

| Package | Version | Imported | Verdict | fds | Threads | Children | Other | As /proc | Found |
|---|---|---|---|---|---|---|---|---|---|
"""


def table(results, python):
    lines = []
    for each in results:
        other = sum(each.counts.get(kind, 0) for kind in ("mapping", "lock"))
        found = each.notes if each.agree else " ".join([each.notes, *each.wrong])
        lines.append("| " + " | ".join([
            each.package, each.version, "`" + ", ".join(each.modules) + "`", each.verdict,
            str(each.counts.get("fd", 0) + each.counts.get("io_uring", 0)),
            str(each.counts.get("thread", 0)), str(each.counts.get("process", 0)), str(other),
            "yes" if each.agree else "**no**", found.replace("|", "\\|").replace("\n", " ")]) + " |")
    total = sum(sum(each.counts.values()) for each in results)
    unattributed = sum(each.unattributed for each in results)
    return HEAD.format(
        debian=pathlib.Path("/etc/debian_version").read_text().strip(), python=python,
        audits=len(results), packages=len({each.package for each in results}),
        clean=sum(each.verdict == "clean" for each in results),
        violations=sum(each.verdict == "violations" for each in results),
        errors=sum(each.verdict not in ("clean", "violations") for each in results),
        agree=sum(each.agree for each in results), findings=total,
        attributed=total - unattributed, unattributed=unattributed) + "\n".join(lines) + "\n"


def main():
    options = parse_arguments()
    wanted = packages(options.only)
    names = sorted({package for package, _ in wanted})
    missing = sorted(set(names) - set(versions(names)))
    if missing and options.install:
        install(missing)
    installed = versions(names)
    with tempfile.TemporaryDirectory(prefix="corpus-cache-") as cache:
        options.cache = cache
        status, report, base, said = audit(options, ["sys"])
        if status != 0 or base is None:
            sys.exit(f"the audit of nothing ended with status {status}\n{said}")
        results = []
        for package, modules in wanted:
            if package not in installed:
                print(f"{package:28} not installed; --install would", flush=True)
                continue
            result = one(options, package, installed[package], modules, base)
            results.append(result)
            print(f"{package:28} {','.join(modules):28.28} {result.verdict:10} "
                  f"{'agrees' if result.agree else 'DIFFERS ' + '; '.join(result.wrong)}", flush=True)
    if not options.only or options.output:
        output = options.output or HERE / "README.md"
        output.write_text(table(results, report["python"]))
        print(f"{output} written")
    bad = [each for each in results if not each.agree]
    print(f"{len(results)} audits, {len(bad)} differ from /proc")
    return 1 if bad or not results else 0


if __name__ == "__main__":
    sys.exit(main())
