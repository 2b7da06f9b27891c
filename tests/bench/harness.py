"""Shared by the benchmarks: the product, medians, tables.

Nothing here passes or fails: the tables are for people.  Sides that are compared take turns within one
run, so that whatever else the machine does meets all of them alike.

FORKSERVER_BUILDDIR names the build directory (default: the working directory, or `build` in it).
"""
import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
APPLICATION = ["django.db.models", "numpy", "pandas", "flask", "sqlalchemy.orm", "requests"]

# What the zygote sets for the import; set for every side, so that all do the same work.
ONE_THREAD = {name + "_NUM_THREADS": "1"
              for name in ("OPENBLAS", "OMP", "MKL", "BLIS", "GOTO", "NUMEXPR")}


def builddir():
    named = os.environ.get("FORKSERVER_BUILDDIR")
    here = pathlib.Path.cwd()
    for place in [pathlib.Path(named)] if named else [here, here / "build"]:
        if (place / "forkserver").is_file():
            return place.resolve()
    sys.exit("no built forkserver here; set FORKSERVER_BUILDDIR")


def environment(**more):
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("PYTHON", "LISTEN_", "DJANGO_", "FORKSERVER_"))
           and name not in ("NOTIFY_SOCKET", "VIRTUAL_ENV")}
    env.update(ONE_THREAD, PYTHONDONTWRITEBYTECODE="1")
    env.update(more)
    return env


def arguments(description, runs):
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=runs, help=f"of each side (default {runs})")
    return parser


def application():
    """The modules of the benchmark's application that this machine has, and those it lacks."""
    code = ("import importlib.util, sys\n"
            "for name in sys.argv[1:]:\n"
            "    if importlib.util.find_spec(name.partition('.')[0]): print(name)\n")
    found = subprocess.run([PYTHON, "-c", code, *APPLICATION], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    missing = [name for name in APPLICATION if name not in found]
    if missing:
        print(f"  left out, not installed: {', '.join(missing)}")
    return found


def python_version():
    """Of the plain interpreter, such as "3.11"."""
    return subprocess.run([PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], check=True,
                          text=True, stdout=subprocess.PIPE).stdout.strip()


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")),
                     platform.machine())
    return (f"{model}, {os.cpu_count()} CPUs, Linux {platform.release()}, "
            f"load {os.getloadavg()[0]:.1f}")


def progress(text):
    """One line that is overwritten, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
        sys.stderr.flush()


def quantile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def median(values):
    return statistics.median(values) if values else float("nan")


def median_ratio(values, base):
    """The median of the ratios of runs that followed each other."""
    return median([value / other for value, other in zip(values, base)])


def table(heads, rows):
    """The first column to the left, numbers to the right."""
    cells = [heads] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    for number, row in enumerate(cells):
        line = row[0].ljust(widths[0]) + "".join(
            "  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))
        print("  " + line.rstrip())
        if number == 0:
            print("  " + "-" * len(line))


def proc_numbers(path, names, unit=1024):
    """{name: bytes} of lines such as "VmHWM:  123 kB"; empty if the process is gone."""
    found = {}
    try:
        with open(path) as file:
            for line in file:
                name, _, value = line.partition(":")
                if name in names:
                    found[name] = int(value.split()[0]) * unit
    except (OSError, ValueError):
        pass
    return found


def children(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return found


def descendants(pid):
    found, todo = [], children(pid)
    while todo:
        child = todo.pop()
        found.append(child)
        todo += children(child)
    return found


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


def wait_until(condition, seconds=60, pause=0.001):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(pause)
    return value
