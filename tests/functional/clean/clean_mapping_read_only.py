"""A read-only shared mapping cannot be written by anybody: locale and time zone data are such."""
import ctypes
import os

PROT_READ, MAP_SHARED = 1, 1
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_long]
fd = os.open(__file__, os.O_RDONLY)
address = libc.mmap(None, 4096, PROT_READ, MAP_SHARED, fd, 0)
assert address != ctypes.c_void_p(-1).value
os.close(fd)
