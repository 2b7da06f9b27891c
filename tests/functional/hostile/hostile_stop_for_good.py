"""Stops itself and nobody wakes it: the deadline must."""
import os
import signal

os.kill(os.getpid(), signal.SIGSTOP)
