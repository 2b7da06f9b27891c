"""Finds who traces it, and kills it: nothing may be forked after that."""
import os
import signal

with open("/proc/self/status") as file:
    tracer = [int(line.split()[1]) for line in file if line.startswith("TracerPid:")][0]
if tracer:
    os.kill(tracer, signal.SIGKILL)
