# NEEDS probe
import os

import rawcall

fd = rawcall.syscall("pidfd_open", os.getpid(), 0)  # LEAK type=pidfd syscall=pidfd_open
