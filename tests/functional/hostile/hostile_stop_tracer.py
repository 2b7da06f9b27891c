"""Stops its tracer: the import hangs, and somebody must notice."""
import os
import signal

with open("/proc/self/status") as file:
    tracer = [int(line.split()[1]) for line in file if line.startswith("TracerPid:")][0]
if tracer:
    os.kill(tracer, signal.SIGSTOP)
open("/etc/passwd").close()
