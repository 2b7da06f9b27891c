"""The classical double fork: nobody's child, but still alive."""
import os
import signal


def daemonise():
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    os.setsid()
    if os.fork():  # LEAK kind=process func=daemonise
        os._exit(0)
    while True:
        signal.pause()


daemonise()
