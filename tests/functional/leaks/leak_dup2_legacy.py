# NEEDS probe
import os

import rawcall

first = os.open(__file__, os.O_RDONLY)  # ORIGIN
rawcall.syscall("dup2", first, 201)  # LEAK type=file fd=201 syscall=dup2 lineage=yes
os.close(first)
