# NEEDS probe
import ctypes

import rawcall

fds = (ctypes.c_int * 2)()
rawcall.syscall("pipe", fds)  # LEAK type=pipe n=2 syscall=pipe
