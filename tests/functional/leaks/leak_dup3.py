# NEEDS probe
import os

import rawcall

first = os.open(__file__, os.O_RDONLY)  # ORIGIN
rawcall.syscall("dup3", first, 202, os.O_CLOEXEC)  # LEAK type=file fd=202 syscall=dup3 lineage=yes
os.close(first)
