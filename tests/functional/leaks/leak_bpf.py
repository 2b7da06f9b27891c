# NEEDS probe
import ctypes
import struct

import rawcall

# BPF_MAP_CREATE of a BPF_MAP_TYPE_ARRAY
attr = ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 8, 1), 128)
fd = rawcall.syscall("bpf", 0, attr, 128)  # LEAK type=bpf syscall=bpf
