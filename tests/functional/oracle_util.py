"""The real supervisord and its programs, for tests that compare ours with them.

The Python package `supervisor` may be installed or just unpacked somewhere on PYTHONPATH (as `bootstrap check` does).
SUPERVISORD names a program that is tested in place of ours: SUPERVISORD=/usr/bin/supervisord shows that a
test holds for the original.  SUPERVISORCTL likewise, for tests that could use forkserverctl."""
import importlib.util
import os
import pathlib
import shlex
import sys

from conftest import builddir


def package():
    """The directory of the package `supervisor`, or None."""
    spec = importlib.util.find_spec("supervisor")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return pathlib.Path(places[0]) if places else None


def original():
    """The command of the real supervisord."""
    return [sys.executable, "-m", "supervisor.supervisord"]


def under_test():
    """The command of the daemon under test."""
    named = os.environ.get("SUPERVISORD")
    return shlex.split(named) if named else [str(builddir() / "forkserver")]


def with_package(environment):
    """An environment in which a Python finds the package."""
    return {**environment, "PYTHONPATH": str(package().parent), "PYTHONDONTWRITEBYTECODE": "1"}


def has_control():
    """Without its control process ours has nothing to compare."""
    return "SUPERVISORD" in os.environ or (builddir() is not None and (builddir() / "forkserver-control").exists())
