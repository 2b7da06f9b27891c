"""getsockopt(SO_PEERPIDFD) makes an fd without looking like it."""
# NEEDS probe
import ctypes
import socket

import rawcall

a, b = socket.socketpair()
fd = ctypes.c_int(-1)
size = ctypes.c_uint(4)
rawcall.check("SO_PEERPIDFD", rawcall.libc.getsockopt(a.fileno(), socket.SOL_SOCKET, 77, ctypes.byref(fd), ctypes.byref(size)))  # LEAK type=pidfd attributed=any
a.close()
b.close()
