"""Children reaped by a handler and by SIG_IGN."""
import os
import signal

done = []


def reap(number, frame):
    done.append(os.waitpid(-1, 0))


previous = signal.signal(signal.SIGCHLD, reap)
r, w = os.pipe()
if os.fork() == 0:
    os._exit(0)
os.close(w)
os.read(r, 1)
while not done:
    signal.sigtimedwait([], 0.01)
signal.signal(signal.SIGCHLD, previous)
os.close(r)
