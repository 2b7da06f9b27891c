"""A filter for all threads, the one that is to fork included."""
import ctypes
import struct

import rawcall

allow = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000), 8)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 1, ctypes.addressof(allow)), 16)
rawcall.libc.prctl(38, 1, 0, 0, 0)
try:
    rawcall.syscall("seccomp", 1, 1, program)
except ImportError:
    pass
