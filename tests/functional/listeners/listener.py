"""An event listener that writes down what it gets, and does with each event what it was told to.

usage: listener.py FILE [DEED…]

Each event becomes a line of JSON in FILE.  The first event of all is answered by the first DEED, also when another
process of the pool or an earlier life of this one had got it; what comes after the last DEED is answered with OK."""
import fcntl
import io
import json
import os
import sys
import time

INPUT = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="")  # "len:" counts characters


def say(data):
    os.write(1, data if isinstance(data, bytes) else data.encode())


def note(**what):
    """Returns how many there were; locked, so that no two processes find the same number."""
    fd = os.open(sys.argv[1], os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    before = os.read(fd, 1 << 24).count(b"\n")
    os.write(fd, json.dumps({**what, "pid": os.getpid()}).encode() + b"\n")
    os.close(fd)
    return before


def hang():
    while True:
        time.sleep(1000)


def flood():
    say("RESULT 10000000000\n")
    while True:
        say(b"x" * 65536)


def together():
    """Answers when three processes have an event each."""
    while len({json.loads(line)["pid"] for line in open(sys.argv[1])}) < 3:
        time.sleep(0.01)
    say("RESULT 2\nOK")


def trickle():
    for byte in b"RESULT 2\nOK":
        say(bytes([byte]))
        time.sleep(0.001)


def deaf():
    """Answers, and then asks for the next with its standard input closed."""
    say("RESULT 2\nOK")
    os.close(0)
    say("READY\n")
    hang()


DEEDS = {
    "ok": lambda: say("RESULT 2\nOK"),
    "fail": lambda: say("RESULT 4\nFAIL"),
    "empty": lambda: say("RESULT 0\n"),
    "die": lambda: os._exit(1),
    "garbage": lambda: say("what is this?\n"),
    "binary": lambda: say(b"RESULT \xff\x00\n"),
    "last": lambda: (say("RESULT 2\nOK"), os._exit(1)),
    "spurious": lambda: (say("RESULT 2\nOKREADY\nand more"), hang()),
    "hang": hang,
    "flood": flood,
    "together": together,
    "trickle": trickle,
    "deaf": deaf,
}

while True:
    say("READY\n")
    line = INPUT.readline()
    if not line:
        break
    headers = dict(word.split(":", 1) for word in line.split())
    payload = INPUT.read(int(headers["len"]))
    number = note(line=line, headers=headers, payload=payload)
    deeds = sys.argv[2:]
    DEEDS[deeds[number] if number < len(deeds) else "ok"]()
