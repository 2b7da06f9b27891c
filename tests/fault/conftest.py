"""The fault experiments use the helpers of the functional tests; here is what they need beside them.

Each does harm on purpose and asks whether anything was lost.  Figures are printed at the end, and kept in the XML;
none decides.  FORKSERVER_FAULT_SCALE multiplies how much harm is done (1: what continuous integration has time for).
"""
import http.client
import importlib.util
import os
import pathlib
import socket
import sys
import xmlrpc.client

import pytest

FUNCTIONAL = pathlib.Path(__file__).resolve().parent.parent / "functional"
sys.path.insert(0, str(FUNCTIONAL))
_spec = importlib.util.spec_from_file_location("functional_conftest", FUNCTIONAL / "conftest.py")
_functional = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_functional)
# Fixtures and hooks too: pytest finds them by name, and supervisor_util asks `conftest` for the rest.
globals().update({name: value for name, value in vars(_functional).items() if not name.startswith("__")})

HARM = float(os.environ.get("FORKSERVER_FAULT_SCALE", "1"))
FIGURES = []

HEAD = """[supervisord]
nodaemon = true
logfile = /dev/null
pidfile = %(here)s/forkserver.pid
childlogdir = %(here)s
"""
CONTROLLED = HEAD + """[unix_http_server]
file = %(here)s/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


def scaled(count):
    return max(1, int(count * HARM))


@pytest.fixture
def figure(request, record_property):
    """figure("replaced in", "3 ms"): a line at the end of the run."""
    def note(name, value):
        FIGURES.append((request.node.name, name, value))
        record_property(name, str(value))
    return note


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures")
        for test, name, value in FIGURES:
            terminalreporter.write_line(f"{test}: {name}: {value}")


class Unix(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        if not self._connection or host != self._connection[0]:
            connection = http.client.HTTPConnection("localhost", timeout=_functional.DEADLINE)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(_functional.DEADLINE)
            connection.sock.connect(self.path)
            self._connection = host, connection
        return self._connection[1]


def control(path):
    """The methods of `supervisor.`, over one connection that is kept."""
    return xmlrpc.client.ServerProxy("http://localhost/RPC2", Unix(str(path)), allow_none=True).supervisor


def answering(supervisor, path):
    """The same, as soon as somebody answers."""
    def look():
        try:
            rpc = control(path)
            return rpc if rpc.getState() else None
        except (OSError, http.client.HTTPException):
            return None
    return supervisor.wait_for(look, "no answer")


@pytest.fixture
def needs_control():
    if not (_functional.builddir() / "forkserver-control").exists():
        pytest.skip("forkserver-control is not built")
