# NEEDS probe
import ctypes
import os

import rawcall

handle = ctypes.create_string_buffer(8 + 128)
ctypes.c_uint.from_buffer(handle).value = 128
mount_id = ctypes.c_int()
rawcall.syscall("name_to_handle_at", -100, __file__.encode(), handle, ctypes.byref(mount_id), 0)
mount = os.open(__file__, os.O_RDONLY)
fd = rawcall.syscall("open_by_handle_at", mount, handle, 0)  # LEAK type=file syscall=open_by_handle_at
os.close(mount)
