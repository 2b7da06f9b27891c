"""What the zygote does so that memory stays shared: the collector, immortal objects, huge and merged pages."""
import mmap
import os
import pathlib
import signal
import subprocess

import pytest

from conftest import DEADLINE, builddir, interpreter, proc_status, version_tuple
from test_workers import WORKERS, Rig, mode, rig  # noqa: F401  fixtures

IMMORTAL = (3, 12)


def plain_threshold(version):
    run = subprocess.run([interpreter(version), "-c", "import gc; print(*gc.get_threshold())"], check=True, text=True,
                         stdout=subprocess.PIPE, timeout=60)
    return list(map(int, run.stdout.split()))


def start(rig, keys="", code="", programs=None, **more):
    rig.start(programs or {"web": "probe_memory:report"}, preload="probe_memory", zygote_keys=keys,
              env={"PROBE_GC": code}, **more)


def needs_immortal(version):
    if version_tuple(version) < IMMORTAL:
        pytest.skip("immortal objects: Python 3.12 and newer")


# ---------------------------------------------------------------- the collector

def test_frozen(rig, mode):
    """What the import has made is out of the collector's sight, which itself is as in any process."""
    start(rig, mode=mode)
    seen, = rig.probed()
    assert seen["frozen"] > 40000
    assert seen["enabled"] is True and seen["threshold"] == plain_threshold(rig.version)
    assert seen["callbacks"] == 0 and seen["started"] == 0
    assert max(seen["counts"]["dict"], seen["counts"]["slot"]) < 1000
    assert "garbage collector ran" not in rig.log()


def test_not_frozen(rig):
    start(rig, "gc_freeze = no")
    seen, = rig.probed()
    assert seen["frozen"] < 10000  # CPython 3.12 puts there what is immortal by itself
    assert seen["enabled"] is True and seen["threshold"] == plain_threshold(rig.version)


def test_application_that_sets_a_threshold(rig):
    """One collection runs; then the threshold is kept for the workers."""
    start(rig, code="gc.set_threshold(50, 5, 5); gc.enable()")
    seen, = rig.probed()
    assert seen["threshold"] == [50, 5, 5] and seen["enabled"] is True
    assert seen["started"] == 1 and seen["frozen"] > 40000
    rig.log_says(r"forkserver: probe: the garbage collector ran 1 times during the import")


def test_application_that_collects(rig):
    start(rig, code="gc.collect(); gc.collect()")
    seen, = rig.probed()
    assert seen["threshold"] == plain_threshold(rig.version) and seen["frozen"] > 40000
    rig.log_says(r"forkserver: probe: the garbage collector ran 2 times during the import")


def test_application_that_switches_it_off(rig):
    start(rig, code="gc.disable()")
    seen, = rig.probed()
    assert seen["enabled"] is False and seen["frozen"] > 40000


def test_application_with_other_callbacks(rig):
    """It may have replaced the list that ours was in."""
    start(rig, code="gc.callbacks.clear(); gc.callbacks.append(print)")
    seen, = rig.probed()
    assert seen["frozen"] > 40000


# ---------------------------------------------------------------- what the import has freed

@pytest.mark.parametrize("size, number", [(100, 5000), (1000, 1000)], ids=["pymalloc", "malloc"])
def test_holes(rig, size, number):
    """What workers allocate is not put between what they share: that would copy a page for nearly each object."""
    start(rig, code=f"SIZE, NUMBER = {size}, {number}; OLD = [bytes(SIZE) for _ in range(20 * NUMBER)]; del OLD[::16]",
          programs={"web": "probe_memory:allocate"})
    seen, = rig.probed()
    assert seen["made"] <= seen["grown"] < 2.5 * seen["made"]


# ---------------------------------------------------------------- immortal objects

def test_immortal(rig, mode):
    needs_immortal(rig.version)
    start(rig, "immortalize = yes", mode=mode)
    seen, = rig.probed()
    mortal = {name: count for name, count in seen["counts"].items() if count < 1 << 30}
    assert not mortal
    assert seen["fresh"] < 10 and seen["frozen"] > 40000 and seen["enabled"] is True
    made = rig.log_says(r"zygote 'probe': (\d+) objects made immortal in (\d+\.\d+) s")
    assert int(made.group(1)) > 5 * 40000


def test_immortal_worker_ends(rig):
    """To use all of it and to drop it is harmless, and so is the end of the interpreter, of every kind."""
    needs_immortal(rig.version)
    programs = {"use": "probe_memory:use", "three": 'python -c "import sys; sys.exit(3)"',
                "raising": 'python -c "import probe_memory; probe_memory.use(); raise ValueError"'}
    start(rig, "immortalize = yes", programs=programs)
    rig.log_says(r"exited: use \(exit status 0")
    rig.log_says(r"exited: three \(exit status 3")
    rig.log_says(r"exited: raising \(exit status 1")
    # __del__ is not called: it would have written a line of its own
    for name in ("use", "raising"):
        assert (rig.directory / f"{name}.out").read_text() == "used\n"
    assert (rig.directory / "use.err").read_text() == "to standard error\n"
    assert rig.supervisor.stop() == 0


def test_immortal_shares_more(rig):
    """Two zygotes beside each other: what using all objects costs a worker of each."""
    needs_immortal(rig.version)
    other = f"[zygote:other]\npython = {interpreter(rig.version)}\npath = {WORKERS}\npreload = probe_memory"
    start(rig, "immortalize = yes\n" + other,
          programs={"immortal": "probe_memory:touch",
                    "mortal": {"command": "probe_memory:touch", "zygote": "other"}})
    rig.probed(2, "touched-*.json")
    immortal, = rig.probed(1, "touched-immortal.json")
    mortal, = rig.probed(1, "touched-mortal.json")
    assert mortal["grown"] > 5_000_000
    assert immortal["grown"] < mortal["grown"] / 2


def test_immortal_needs_a_newer_python(rig):
    if version_tuple(rig.version) >= IMMORTAL:
        pytest.skip("this one is new enough")
    start(rig, "immortalize = yes")
    audit = subprocess.run([builddir() / "forkserver", "--audit-only", "-c", rig.directory / "forkserver-0.conf"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)
    assert audit.returncode == 2, audit.stdout
    assert "[zygote:probe] immortalize = yes needs Python 3.12 or newer" in audit.stdout
    rig.log_says(rf"immortalize = yes needs Python 3\.12 or newer, and .* is Python {rig.version}")
    assert rig.supervisor.process.wait(60) != 0
    assert not list(rig.probes.iterdir())


# ---------------------------------------------------------------- pages

@pytest.mark.parametrize("keys, enabled", [("", "0"), ("thp = no", "0"), ("thp = yes", "1")])
def test_huge_pages(rig, keys, enabled):
    if proc_status(os.getpid(), "THP_enabled") != "1":
        pytest.skip("huge pages are off for this very process, or not known to the kernel")
    start(rig, keys)
    seen, = rig.probed()
    assert seen["status"]["THP_enabled"] == enabled


def test_merging(rig):
    """A worker has the flag, or the log says why not; and whether anything merges."""
    start(rig, "ksm = yes")
    seen, = rig.probed()
    if seen["merged"] == 1:
        run = pathlib.Path("/sys/kernel/mm/ksm/run")
        if not run.exists() or run.read_text().strip() == "1":
            assert "ksm = yes" not in rig.log()
        else:
            rig.log_says("zygote 'probe': ksm = yes has no effect yet: .*/sys/kernel/mm/ksm/run")
    else:
        rig.log_says("zygote 'probe': ksm = yes has no effect, pages are not merged: ")


def test_no_merging(rig):
    start(rig)
    seen, = rig.probed()
    assert seen["merged"] != 1
    assert "ksm" not in rig.log()


def test_pymalloc_on_huge_pages(rig):
    start(rig, 'environment = PYTHON_PYMALLOC_HUGEPAGES="1"')
    rig.log_says("PYTHON_PYMALLOC_HUGEPAGES=1 is in the environment: .* SIGBUS")
    assert rig.supervisor.process.wait(60) != 0
    assert not list(rig.probes.iterdir())


def test_pymalloc_on_plain_pages(rig):
    start(rig, 'environment = PYTHON_PYMALLOC_HUGEPAGES="0"')
    rig.probed()


# ---------------------------------------------------------------- pages that are copied at once

def kernel_populates():
    """MADV_POPULATE_WRITE: Linux 5.14."""
    with mmap.mmap(-1, mmap.PAGESIZE) as page:
        try:
            page.madvise(23)
        except OSError:
            return False
    return True


def test_what_the_first_worker_has_copied(rig, mode):
    """The next one of its program has it before it begins, as it was; a worker of another program has not.

    The other one is started when the first is RUNNING, and a zygote does one thing after the other: when it runs, the
    zygote has looked.
    """
    if not kernel_populates():
        pytest.skip("this kernel populates nothing")
    keys = {"command": "probe_memory:write_first", "autorestart": "true", "ready": "notify"}
    start(rig, mode=mode, programs={"web": keys, "other": {"command": "probe_memory:look", "depends_on": "web"}})
    first, = rig.probed(1, "first.json")
    other, = rig.probed(1, "other.json")
    os.kill(first["pid"], signal.SIGKILL)
    later, = rig.probed(1, "later.json")
    assert later["same"] and later["before"] - first["before"] > 15 << 20
    assert other["before"] - first["before"] < 4 << 20


def test_nothing_is_copied_in_advance(rig):
    keys = {"command": "probe_memory:write_first", "autorestart": "true", "ready": "notify"}
    start(rig, "prefault = no", programs={"web": keys, "other": {"command": "probe_memory:look", "depends_on": "web"}})
    first, = rig.probed(1, "first.json")
    rig.probed(1, "other.json")
    os.kill(first["pid"], signal.SIGKILL)
    later, = rig.probed(1, "later.json")
    assert later["before"] - first["before"] < 4 << 20
