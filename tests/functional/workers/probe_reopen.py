"""A file kept open at import, allowed with `reopen`: each worker gets an offset of its own."""
import os

import probe_app

handle = open(os.environ["PROBE_DATA"], "rb", buffering=0)
handle.read(3)


def run():
    position = os.lseek(handle.fileno(), 0, os.SEEK_CUR)
    first = handle.read(4).decode()
    probe_app.write({"position": position, "first": first,
                     "target": os.readlink("/proc/self/fd/%d" % handle.fileno())})
    probe_app.wait()
