# NEEDS probe
import ctypes
import os
import socket

import rawcall


class iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class mmsghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.c_void_p),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p),
                ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int), ("pad", ctypes.c_int),
                ("received", ctypes.c_uint)]


a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
fd = os.open(__file__, os.O_RDONLY)
for _ in range(2):
    socket.send_fds(a, [b"x"], [fd])
os.close(fd)
data = ctypes.create_string_buffer(2)
control = [ctypes.create_string_buffer(64) for _ in range(2)]
iov = (iovec * 2)(*[(ctypes.addressof(data) + i, 1) for i in range(2)])
messages = (mmsghdr * 2)()
for i in range(2):
    messages[i].iov = ctypes.addressof(iov[i])
    messages[i].iovlen = 1
    messages[i].control = ctypes.addressof(control[i])
    messages[i].controllen = 64
rawcall.syscall("recvmmsg", b.fileno(), messages, 2, 0, None)  # LEAK type=file n=2 syscall=recvmmsg
a.close()
b.close()
