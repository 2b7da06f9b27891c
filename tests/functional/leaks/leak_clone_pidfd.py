# NEEDS probe
import ctypes
import os
import signal

import rawcall

CLONE_PIDFD = 0x1000
fd = ctypes.c_int(-1)
pid = rawcall.syscall("clone", CLONE_PIDFD | signal.SIGCHLD, 0, ctypes.byref(fd), 0, 0)  # LEAK type=pidfd syscall=clone
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
