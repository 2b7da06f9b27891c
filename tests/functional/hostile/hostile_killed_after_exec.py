"""A failed exec has nothing to do with what comes later."""
import os
import signal


def try_to_exec():
    try:
        os.execvp("no-such-program-anywhere", ["x"])
    except OSError:
        pass


try_to_exec()
os.kill(os.getpid(), signal.SIGKILL)
