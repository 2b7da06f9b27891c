"""A file opened by the ring, which no system call filter sees: found, and reported unattributed."""
# NEEDS probe
import ctypes
import mmap
import os
import struct

import rawcall

IORING_OP_OPENAT, IORING_ENTER_GETEVENTS = 18, 1
parameters = ctypes.create_string_buffer(120)
ring = rawcall.syscall("io_uring_setup", 1, parameters)
# offsets of struct io_uring_params: sq_off at 40, cq_off at 80
head, tail, mask, entries, flags, dropped, array = struct.unpack_from("7I", parameters, 40)
cqes, = struct.unpack_from("I", parameters, 80 + 20)
sq = mmap.mmap(ring, array + 4 + 4096, offset=0)
cq = mmap.mmap(ring, cqes + 16 * 2, offset=0x8000000 * 1)
sqes = mmap.mmap(ring, 64, offset=0x10000000)
path = ctypes.create_string_buffer(__file__.encode())
sqes[0:64] = struct.pack("BBHiQQII", IORING_OP_OPENAT, 0, 0, -100, 0, ctypes.addressof(path), 0,
                         os.O_RDONLY) + bytes(32)
sq[array:array + 4] = struct.pack("I", 0)
sq[tail:tail + 4] = struct.pack("I", 1)
done = rawcall.syscall("io_uring_enter", ring, 1, 1, IORING_ENTER_GETEVENTS, None, 0)  # LEAK type=file attributed=no
user_data, result, cqe_flags = struct.unpack_from("QiI", cq, cqes)
rawcall.check("io_uring openat", result)
for each in (sq, cq, sqes):
    each.close()
os.close(ring)
