# NEEDS probe
import ctypes
import struct

import rawcall

PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER, NEW_LISTENER = 38, 1, 8
allow = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7fff0000), 8)
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 1, ctypes.addressof(allow)), 16)
rawcall.libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
fd = rawcall.syscall("seccomp", SECCOMP_SET_MODE_FILTER, NEW_LISTENER, program)  # LEAK type=seccomp syscall=seccomp
