"""The parsers of a configuration against Python's own: configparser as supervisord sets it up,
`%` formatting, shlex.split, and supervisord's environment parser where it is installed."""
import configparser
import importlib.util
import io
import random
import re
import shlex
import subprocess

import pytest

from conftest import DEADLINE, builddir


def dump(mode, text):
    """[(word, …)] as dump_config prints them, or None if it refused."""
    program = builddir() / "tests" / "unit" / "dump_config"
    if not program.exists():
        pytest.skip("tests/unit/dump_config is not built (make check builds it)")
    run = subprocess.run([program, mode], input=text.encode("utf-8", "surrogateescape"), timeout=DEADLINE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr.decode()
    # An empty text leaves nothing after its blank.
    lines = [line.split(" ") for line in run.stdout.decode("ascii").splitlines()]
    if lines and lines[0][0] == "error":
        return None
    return [(line[0], *(bytes.fromhex(item).decode("utf-8", "surrogateescape") for item in line[1:]))
            for line in lines]


# ---------------------------------------------------------------- sections and options

def python_dialect(text):
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.Error:
        return None
    found = []
    sections = [("DEFAULT", parser._defaults)] if parser._defaults else []
    for name, options in sections + list(parser._sections.items()):
        found.append(("section", name))
        found += [("option", option, value) for option, value in options.items()]
    return found


def cut_first(line):
    """Without a comment, as Python 3.13 and later see it: it begins at the first mark after a blank."""
    mark = re.search(r"(^|\s)[;#]", line)
    return line[:mark.start()] if mark else line


def cut_in_turns(line):
    """As Python did before: both marks are looked for in turns, so that a `#` after a blank is found
    before a second `;` is."""
    found, places = [], {";": -1, "#": -1}
    while not found and places:
        places = {mark: line.find(mark, place + 1) for mark, place in places.items()}
        places = {mark: place for mark, place in places.items() if place >= 0}
        found = [place for place in places.values() if place == 0 or line[place - 1].isspace()]
    return line[:min(found)] if found else line


def is_newer_python():
    return python_dialect("[a]\nx=a;b ;c #d\n") == [("section", "a"), ("option", "x", "a;b")]


def depends_on_version(text):
    """Ours is the older way, which most supervisords run with."""
    return any(cut_first(line).strip() != cut_in_turns(line).strip()
               for line in io.StringIO(text, newline=None))


def test_comments_of_either_python():
    text = "[a]\nx=a;b ;c #d\n"
    assert depends_on_version(text)
    assert dump("dialect", text) == [("section", "a"), ("option", "x", "a;b ;c")]


def without_empty_defaults(items):
    """[DEFAULT] with nothing in it does not show in Python."""
    if items and items[0] == ("section", "DEFAULT") and (len(items) == 1 or items[1][0] == "section"):
        return items[1:]
    return items


DIALECT = [
    "",
    "\n\n",
    "; only a comment\n# and another\n",
    "[a]\n",
    "[a]\nx=1\n",
    "[a]\nx = 1\ny : 2\nz:=3\nw=:4\n",
    "[a]\nX Y = 1\nä = 2\n",
    "[A]\nx=1\n[a]\nx=2\n",
    "[a]\nx=1\nx=2\n[b]\ny=1\n[a]\nz=3\nx=4\n",
    "[a]\nx=\n",
    "[a]\nx=\n  one\n  two\n",
    "[a]\nx=one\n two\n\tthree\n",
    "[a]\nx=one\n\n two\n\n\n three\n\n\n",
    "[a]\nx=one\n; comment\n two\n# comment\n three\n",
    "[a]\nx=one\n ; indented comment\n two\n",
    "[a]\nx=one\n   two\n three\n",
    "[a]\n  x=1\n  y=2\n  z=3\n",
    "[a]\n  x=1\n    more\n  y=2\n",
    "[a]\n  x=1\ny=2\n  z=3\n",
    "  [a]\n  x=1\n  [b]\n  y=2\n",
    "[a]\nx=1\n  [b]\ny=2\n",
    "[a]\nx=1 ; comment\ny=2 # comment\nz=3;no\nw=4#no\n",
    "[a]\nx='a ; b'\ny=\"a # b\"\n",
    "[a]\nx=a;b ;c\ny=a#b #c;d\nz=a ;b #c\n",
    "[a]\nx=a;b #c ;d\ny=a#b ;c\nz=a;b;c ;d #e\nw=a#b;c #d ;e\n",
    "[a]\nx=a;b ;c # d\ny=;\nz=#\nv= ;\nw=; x\n",
    "[a] ; comment\nx=1\n",
    "[a] trailing text\nx=1\n",
    "[a]]\nx=1\n[b]c]\ny=2\n[[d]\nz=3\n",
    "[a=b]\nx=1\n[c:d]\ny=2\n[e f]\nz=3\n[ g ]\nw=4\n",
    "[a ;b]\nx=1\n",
    "[]\n",
    "[a]\n[]\n",
    "[a]\n[]=1\n",
    "[a]\n[unclosed\n",
    "[a]\n[unclosed = 1\n",
    "x=1\n",
    " x=1\n[a]\n",
    "; c\n\nx\n",
    "[a]\nvalueless\n",
    "[a]\nvalueless ; comment\n",
    "[a]\n=1\n",
    "[a]\n:1\n",
    "\ufeff[a]\nx=1\n",
    "[DEFAULT]\nx=1\n[a]\ny=2\n",
    "[a]\ny=2\n[DEFAULT]\nx=1\nx=2\n  three\n",
    "[DEFAULT]\n[a]\nx=1\n",
    "[default]\nx=1\n",
    "[a]\r\nx=1\r\n  two\r\ny=2\r\n",
    "[a]\rx=1\r  two\ry=2\r",
    "[a]\nx=1",
    "[a]\nx=1\n  two",
    "[a]\nx = %(here)s %% 100%\n",
    "[a]\nx=1\n\ty=2\n",
    "[a]\n\tx=1\n        y=2\n",
    "[a]\n \tx=1\n\t y=2\n",
    "[a]\nx=1\n[b]\n  continued\n",
    "[a]\n  continued\n",
    "[a]\nx=" + "long " * 200 + "\n",
    "[" + "n" * 300 + "]\n" + "k" * 300 + "=1\n",
    "[program:cat]\ncommand=/bin/cat\nenvironment=A=\"1;2\",B=\"x ; y\"\n",
    "[a]\nx==1\ny=a=b:c\nz = a : b\n",
    "[a]\nx\t=\t1\t\n",
    "[a]\nx=1\x0c\n\x0by=2\n",
    "[a]\nx=1 \x1c;c\n",
]


@pytest.mark.parametrize("text", DIALECT)
def test_dialect_is_pythons(text):
    if is_newer_python() and depends_on_version(text):
        pytest.skip("this Python cuts comments in another way")
    ours = dump("dialect", text)
    assert (without_empty_defaults(ours) if ours else ours) == python_dialect(text)


def random_file(generator):
    pieces = ["[a]", "[b]", "[a]]", "[DEFAULT]", "[", "]", "x", "y", "Z", "=", ":", " = ", ";", "#", " ;", " #",
              " ", "  ", "\t", "\n", "\n", "\n", "\n  ", "\n ", "\r\n", "\r", "one", "'", '"', "%"]
    body = "".join(generator.choice(pieces) for _ in range(generator.randrange(40)))
    return ("[a]\n" if generator.random() < 0.8 else "") + body


def test_dialect_is_pythons_on_anything():
    generator = random.Random(20)
    accepted = 0
    for _ in range(600):
        text = random_file(generator)
        if is_newer_python() and depends_on_version(text):
            continue
        ours = dump("dialect", text)
        assert (without_empty_defaults(ours) if ours else ours) == python_dialect(text), repr(text)
        accepted += ours is not None
    assert accepted > 100, "the generator makes too few files that are right"


# ---------------------------------------------------------------- %(name)s

VALUES = {"here": "/etc/shop", "program_name": "wéb", "process_num": 7, "numprocs": 120, "below": -42}

FORMATS = [
    "", "plain", "100%%", "%%(here)s", "%(here)s/log", "%(process_num)d", "%(process_num)s",
    "%(process_num)02d", "%(process_num)05d", "%(process_num)5d|", "%(process_num)-5d|",
    "%(process_num)+d", "%(process_num) d", "%(below)05d", "%(below)d", "%(numprocs)x", "%(numprocs)X",
    "%(numprocs)o", "%(numprocs)04x", "%(numprocs)#x", "%(numprocs)i", "%(numprocs)u", "%(numprocs)ld",
    "%(process_num).3d", "%(process_num).1f", "%(process_num)08.3f", "%(process_num)e", "%(process_num)g",
    "%(program_name)5s|", "%(program_name)-5s|", "%(program_name).2s|", "%(program_name)05s|", "%(program_name)6.1s|",
    "%(numprocs)c", "a%(here)sb%(process_num)dc%%d",
    "%", "50%", "%(here)", "%(here", "%(here)q", "%(nowhere)s", "%(here)d", "%(process_num)*d", "%d", "%Y-%m",
    "%(a(b)c)s", "%()s", "%(process_num)lld",
]


def python_expand(text):
    try:
        return text % VALUES
    except (KeyError, TypeError, ValueError):
        return None


@pytest.mark.parametrize("text", FORMATS)
def test_expansion_is_pythons(text):
    ours = dump("expand", text)
    assert (ours[0][1] if ours else None) == python_expand(text)


def test_nameless_s_is_an_error():
    """Python would put the whole dictionary there (date +%s), which nobody wants in a command."""
    assert dump("expand", "date +%s") is None


# ---------------------------------------------------------------- words

COMMANDS = [
    "a", "a b c", "  a\tb\nc  ", "'a b' c", '"a b" c', "a'b c'd", "a\"b c\"d", "''", '""', "a '' b", "a\\ b", "\\a",
    "'a\\b'", '"a\\b"', '"a\\"b"', '"a\\\\b"', "'a\\'", "a#b #c", "$HOME *.c ~ `x` $(y) ; | & < >", "é \\é 'é'",
    "a\\\nb", "\"a\\\nb\"", "a=b --c='d e'", "'", '"', "a 'b", 'a "b', "a\\", '"a\\', "python -c 'print(\"hi\")'",
    "sh -c \"echo \\\"x y\\\" 'z'\"",
]


@pytest.mark.parametrize("text", COMMANDS)
def test_command_is_split_as_shlex_does(text):
    try:
        expected = shlex.split(text)
    except ValueError:
        expected = None
    ours = dump("command", text)
    assert (None if ours is None else [word[1] for word in ours]) == expected


def test_command_of_anything():
    generator = random.Random(7)
    for _ in range(400):
        text = "".join(generator.choice("ab '\"\\\n\t#=") for _ in range(generator.randrange(1, 14)))
        try:
            expected = shlex.split(text) or None
        except ValueError:
            expected = None
        ours = dump("command", text)
        assert (None if ours is None else [word[1] for word in ours]) == expected, repr(text)


ENVIRONMENTS = [
    "", "A=1", "A=1,B=2", 'A="x y",B=\'z,w\'', "A = 1 , B = 2", "A=/usr/bin:/bin,B=a-b_c.d+e(f)", "A=1,\nB=2,\n", 'A=""',
    "A='',B=1", "A=1,A=2", "A=a#b", "A=1 # comment\n,B=2", "PATH=\"/a b:/c\",LANG=C", "A='\"'", "A=x'y",
    "A", "A=", "A=1,B", "A=1 B=2", "A=a@b", "=1", "A=\"x", "A='x", "A B=1", "A=1,B=",
]


@pytest.mark.parametrize("text", ENVIRONMENTS)
def test_environment_is_supervisords(text):
    if importlib.util.find_spec("supervisor") is None:
        pytest.skip("supervisord is not installed to compare with")
    from supervisor.datatypes import dict_of_key_value_pairs
    try:
        expected = dict_of_key_value_pairs(text)
    except ValueError:
        expected = None
    ours = dump("environment", text)
    if text == "A='\"'":
        expected = {"A": '"'}  # supervisord takes the inner quote off as well
    assert (None if ours is None else dict(word[1].split("=", 1) for word in ours)) == expected
