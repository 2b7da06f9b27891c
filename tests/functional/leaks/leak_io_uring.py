# NEEDS probe
import ctypes

import rawcall

parameters = ctypes.create_string_buffer(120)
fd = rawcall.syscall("io_uring_setup", 4, parameters)  # LEAK kind=io_uring syscall=io_uring_setup
