"""man/forkserver-supervisord.7 has every option of supervisord: those that its own parsers ask for."""
import collections
import re

import pytest

from conftest import TOP
from oracle_util import package

pytestmark = pytest.mark.skipif(package() is None, reason="no package supervisor")

CONFIG = """[supervisord]
[unix_http_server]
file = %(here)s/x.sock
[inet_http_server]
port = 127.0.0.1:1
[supervisorctl]
[rpcinterface:x]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[ctlplugin:x]
supervisor.ctl_factory = supervisor.supervisorctl:DefaultControllerPlugin
[program:x]
command = /bin/cat
[eventlistener:x]
command = /bin/cat
events = TICK
[fcgi-program:x]
command = /bin/cat
socket = unix:///tmp/x.sock
[group:x]
programs = y
[program:y]
command = /bin/cat
[include]
files = none
"""


def page():
    return (TOP / "man/forkserver-supervisord.7").read_text()


def table(section):
    """The first column of a table in the page."""
    found = re.search(rf"^\.Ss {re.escape(section)}$(.*?)^\.El$", page(), re.M | re.S)
    return set(re.findall(r"^\.It (?:Ic )?(.*?) Ta (?:same|better|not needed)\b", found.group(1), re.M))


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """{section: the options that supervisord and supervisorctl look for in it}."""
    from supervisor.options import ClientOptions, ServerOptions, UnhosedConfigParser
    found = collections.defaultdict(set)

    def note(function):
        def called(self, section, option, *args, **kwargs):
            found[re.sub(r":.*", ":x", section)].add(option)
            return function(self, section, option, *args, **kwargs)
        return called
    for name in ("saneget", "has_option"):
        monkeypatch.setattr(UnhosedConfigParser, name, note(getattr(UnhosedConfigParser, name)))
    path = tmp_path / "supervisord.conf"
    path.write_text(CONFIG)
    for options in (ServerOptions(), ClientOptions()):
        options.realize(["-c", str(path)], doc="")
    found["supervisord"].add("profile_options")  # has a place there, but is not looked for
    return found


def test_every_key(asked):
    program = table("[program:x]")
    sections = set(re.findall(r"^\[(.*)\]$", CONFIG, re.M)) - {"program:y"}
    tables = {section: table(f"[{section}]") for section in sections}
    for section in ("eventlistener:x", "fcgi-program:x"):
        tables[section] |= program
    assert asked == tables


def test_every_option_of_the_command_line():
    from supervisor.options import ServerOptions
    options = ServerOptions()
    theirs = {"--" + name.rstrip("=") for name in options.long_options} | {"-" + name[0] for name in options.short_options}
    rows = " , ".join(table("Command line")).replace("\\&", "").replace("Fl Fl ", "--").replace("Fl ", "-")
    assert set(rows.split(" , ")) == theirs
