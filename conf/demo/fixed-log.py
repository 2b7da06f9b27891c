"""The access log of the shop."""
import functools
import os
import time

PATH = os.environ.get("SHOP_LOG", "access.log")


# Opened by the first line that is written, hence in the worker, after the fork.
@functools.lru_cache(maxsize=None)
def stream():
    return open(PATH, "a", encoding="utf-8")


def write(line):
    stream().write(f"{time.strftime('%H:%M:%S')} {os.getpid()} {line}\n")
    stream().flush()
