"""Ends in the way of its first argument, in the directory of its second; leaves much to do for the end of the interpreter."""
import atexit
import gzip
import io
import logging
import logging.handlers
import os
import sys
import tempfile
import threading
import time
import weakref
import zipfile

way, place = sys.argv[1:]
os.chdir(place)


def note(text, open=open):  # a plain interpreter takes the name away before the end
    with open("order", "ab") as file:
        file.write(text.encode() + b"\n")


class Sub(io.RawIOBase):
    """A file of its own, below a buffer."""

    def writable(self):
        return True

    def write(self, data, open=open):
        with open("sub", "ab") as file:
            return file.write(data)


class Closer:
    def __init__(self, name):
        self.name = name

    def __del__(self, note=note):
        note("__del__ of " + self.name)


class Proxy:
    """As Werkzeug's, away from any request."""

    @property
    def __class__(self):
        raise RuntimeError("working outside of the context")


text = open("text", "w")
text.write("half a line")
binary = open("binary", "wb")
binary.write(b"x" * 100)
squeezed = gzip.open("squeezed.gz", "wt")
squeezed.write("compressed " * 1000)
over = io.TextIOWrapper(io.BufferedWriter(Sub()))
over.write("through two buffers")
both = open("both", "w+b")
both.write(b"updated")
detached = open("detached", "w")
detached.write("written")
inner = detached.detach()
closed = open("closed", "w")
closed.close()
archive = zipfile.ZipFile("archive.zip", "w")
archive.writestr("member", "content")
temporary = tempfile.NamedTemporaryFile(dir=place)
folder = tempfile.TemporaryDirectory(dir=place)
handler = logging.handlers.MemoryHandler(100, target=logging.FileHandler("logged"))
logging.getLogger().addHandler(handler)
logging.warning("said late")
proxy, closer = Proxy(), Closer("a global")
finalized = weakref.finalize(closer, note, "finalize")
atexit.register(note, "atexit")


def count():
    kept = open("local", "w")
    kept.write("of a thread")
    while threading.main_thread().is_alive():
        time.sleep(0.01)
    note("thread")
    kept.close()


threading.Thread(target=count).start()
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()


def end():
    local = open("of a frame", "w")
    local.write("kept by a traceback")
    print("standard output, not flushed", end="")
    if way == "text":
        sys.exit("a last word")
    if way == "list":
        sys.exit(["a", 1])
    if way == "error":
        raise ValueError("uncaught")
    if way == "interrupt":
        raise KeyboardInterrupt
    if way == "atexit":
        atexit.register(lambda: 1 // 0)
    if way == "full":
        sys.stdout.flush()
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
        print("lost")
    if way.lstrip("-").isdigit():
        sys.exit(int(way))
    if way == "true":
        sys.exit(True)


end()
