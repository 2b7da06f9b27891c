# NEEDS probe
import ctypes

import rawcall

how = (ctypes.c_uint64 * 3)(0, 0, 0)
fd = rawcall.syscall("openat2", -100, __file__.encode(), how, 24)  # LEAK type=file syscall=openat2
