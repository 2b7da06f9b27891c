"""What a zygote imports in test_memory.py: many objects, and probes that tell what a worker finds of them.

PROBE_GC, Python code, is run by the import.
"""
import asyncio  # noqa: F401  a large part of the standard library
import ctypes
import decimal  # noqa: F401
import enum
import gc
import json  # noqa: F401
import logging
import os
import re
import sys
import threading
import typing
import unittest  # noqa: F401
import weakref

import probe_app
from forkserver import notify

collections_seen = []
gc.callbacks.append(lambda phase, info: collections_seen.append(phase))
exec(os.environ.get("PROBE_GC", ""))
for _ in range(20000):  # garbage that only the collector finds
    _cycle = []
    _cycle.append(_cycle)
gc.callbacks.pop()
STARTED = collections_seen.count("start")

ROWS = [{"number": number, "name": "row %d" % number, "pair": (str(number), number / 8)} for number in range(40000)]


class Colour(enum.Enum):
    RED = "red"


class Slotted:
    __slots__ = ("value",)


class Finalized:
    def __del__(self):
        os.write(1, b"finalized\n")


def suspended():
    mark = "of a generator"
    yield mark
    yield mark + "!"


KEPT = Finalized()
SLOTTED = Slotted()
SLOTTED.value = ["in a slot"]
GENERATOR = suspended()
next(GENERATOR)
WEAK = weakref.ref(KEPT)
DEEP = ()
for _ in range(100000):  # untracked, as no collection has begun with it
    DEEP = (DEEP,)
PATTERN = re.compile("row [0-9]+")
ALIAS = typing.Dict[str, int]


def counts():
    """Reference counts of what the import has made, of each kind."""
    row = ROWS[7]
    code = counts.__code__
    objects = {"dict": row, "list": ROWS, "str": row["name"], "tuple": row["pair"], "float": row["pair"][1],
               "number": ROWS[39999]["number"], "function": counts, "code": code, "consts": code.co_consts,
               "code name": code.co_name, "lines": getattr(code, "co_linetable", ""),  # 3.10
               "class": Slotted, "slot": SLOTTED.value[0],
               "member": Colour.RED, "deep": DEEP[0][0][0], "module": threading, "pattern": PATTERN,
               "generator": GENERATOR}
    return {name: sys.getrefcount(each) for name, each in objects.items()}


def merged():
    """PR_GET_MEMORY_MERGE; -1: the kernel does not know it."""
    return ctypes.CDLL(None).prctl(68, 0, 0, 0, 0)


def report():
    probe_app.write({"frozen": gc.get_freeze_count(), "enabled": gc.isenabled(), "threshold": gc.get_threshold(),
                     "callbacks": len(gc.callbacks), "started": STARTED, "counts": counts(), "merged": merged(),
                     "fresh": sys.getrefcount(["fresh"]), "status": probe_app.status()})


def private():
    """Bytes that are this process's alone."""
    lines = probe_app.read("/proc/self/smaps_rollup").decode().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:")))


def touch():
    """How much using each object has cost."""
    before = private()
    total = 0
    for row in ROWS:
        total += len(row["name"]) + len(row["pair"][0])
    gc.collect()
    probe_app.write({"grown": private() - before}, "touched-" + os.environ["FORKSERVER_PROGRAM"])


def allocate():
    """How much new objects cost; SIZE and NUMBER are of PROBE_GC, which has left room between old ones."""
    before = private()
    made = [bytes(SIZE) for _ in range(NUMBER)]  # noqa: F821
    probe_app.write({"grown": private() - before, "made": len(made) * SIZE})  # noqa: F821


BLOCK = bytearray(16 << 20)
BLOCK[:] = b"x" * len(BLOCK)  # so that it has pages


def write_first():
    """The first worker of a program copies all of BLOCK; a later one looks at what it has got."""
    before = private()
    role = "later" if os.path.exists(os.path.join(os.environ["PROBE_DIR"], "first.json")) else "first"
    if role == "first":
        for page in range(0, len(BLOCK), 4096):
            BLOCK[page] = 1
    probe_app.write({"pid": os.getpid(), "before": before, "same": BLOCK.count(b"x") == len(BLOCK)}, role)
    notify.ready()
    threading.Event().wait()


def look():
    probe_app.write({"before": private()}, "other")


def use():
    """Uses all of it in every way, drops it, and comes to its end as a plain program does."""
    global KEPT, DEEP
    logging.getLogger("x").warning("to standard error")
    asyncio.run(asyncio.sleep(0))
    thread = threading.Thread(target=PATTERN.match, args=("row 1",))
    thread.start()
    thread.join()
    assert next(GENERATOR) == "of a generator!" and not list(GENERATOR)
    assert Colour("red") is Colour.RED and sys.intern("never heard " + "of before")
    KEPT = None
    assert WEAK() is not None
    DEEP = DEEP[0]
    ROWS[7]["name"] = "mortal"
    counts.__code__ = use.__code__
    del ROWS[100:]
    ROWS.clear()
    for name in list(vars(typing)):
        if not name.startswith("_"):
            delattr(typing, name)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    sys.stdout.write("used\n")
