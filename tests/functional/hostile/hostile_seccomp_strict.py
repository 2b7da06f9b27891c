"""Forbids open() to itself, with EPERM."""
import ctypes
import struct

import rawcall

code = struct.pack("HBBI", 0x20, 0, 0, 0) + struct.pack("HBBI", 0x15, 0, 1, 257) + \
    struct.pack("HBBI", 0x06, 0, 0, 0x00050001) + struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000)
rules = ctypes.create_string_buffer(code, len(code))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(rules)), 16)
rawcall.libc.prctl(38, 1, 0, 0, 0)
rawcall.syscall("seccomp", 1, 0, program)
