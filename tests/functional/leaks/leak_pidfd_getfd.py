# NEEDS probe
import os

import rawcall

pid = rawcall.syscall("pidfd_open", os.getpid(), 0)
first = os.open(__file__, os.O_RDONLY)
fd = rawcall.syscall("pidfd_getfd", pid, first, 0)  # LEAK type=file syscall=pidfd_getfd
os.close(first)
os.close(pid)
