"""The classical double fork: nobody's child, but still alive.  To blame is the importer's own fork,
from which it descends."""
import os
import signal


def daemonise():
    pid = os.fork()  # LEAK kind=process func=daemonise
    if pid:
        os.waitpid(pid, 0)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    while True:
        signal.pause()


daemonise()
