"""A child that ignores signals hangs, and the parent waits for it."""
import os
import signal
import time

pid = os.fork()
if pid == 0:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1000)
os.waitpid(pid, 0)
