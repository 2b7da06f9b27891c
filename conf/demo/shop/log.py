"""The access log of the shop."""
import os
import time

PATH = os.environ.get("SHOP_LOG", "access.log")

# Opened while the module is imported: every forked worker would write through this one
# file description, with one offset and one buffer copied into each of them.
stream = open(PATH, "a", encoding="utf-8")


def write(line):
    stream.write(f"{time.strftime('%H:%M:%S')} {os.getpid()} {line}\n")
    stream.flush()
