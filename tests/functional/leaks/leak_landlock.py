# NEEDS probe
import ctypes

import rawcall

attr = (ctypes.c_uint64 * 1)(1)
fd = rawcall.syscall("landlock_create_ruleset", attr, 8, 0)  # LEAK type=landlock syscall=landlock_create_ruleset
