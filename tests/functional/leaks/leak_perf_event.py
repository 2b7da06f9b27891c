# NEEDS probe
import ctypes
import struct

import rawcall

# struct perf_event_attr: PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, disabled
attr = ctypes.create_string_buffer(struct.pack("IIQ", 1, 112, 1) + bytes(24) + struct.pack("Q", 1), 112)
fd = rawcall.syscall("perf_event_open", attr, 0, -1, -1, 0)  # LEAK type=perf_event syscall=perf_event_open
