# NEEDS probe
import os

import rawcall

first = os.open(__file__, os.O_RDONLY)  # ORIGIN
second = rawcall.syscall("dup", first)  # LEAK type=file syscall=dup lineage=yes
os.close(first)
