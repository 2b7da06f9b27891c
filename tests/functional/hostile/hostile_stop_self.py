"""Stops itself; a child wakes it."""
import os
import signal
import time

me = os.getpid()
pid = os.fork()
if pid == 0:
    while True:
        with open("/proc/%d/stat" % me) as file:
            if file.read().rpartition(")")[2].split()[0] in "Tt":
                break
        time.sleep(0.005)
    os.kill(me, signal.SIGCONT)
    os._exit(0)
os.kill(me, signal.SIGSTOP)
os.waitpid(pid, 0)
