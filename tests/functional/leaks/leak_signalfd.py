# NEEDS probe
import ctypes

import rawcall

mask = (ctypes.c_ulong * 16)(1 << 9)
fd = rawcall.check("signalfd", rawcall.libc.signalfd(-1, mask, 0))  # LEAK type=signalfd
# Changing the mask of an existing one makes no fd and must not change whose it is.
rawcall.check("signalfd", rawcall.libc.signalfd(fd, mask, 0))
