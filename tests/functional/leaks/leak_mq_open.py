# NEEDS probe
import ctypes
import os

import rawcall

name = b"/forkserver-test-%d" % os.getpid()
fd = rawcall.check("mq_open", rawcall.libc.mq_open(name, os.O_CREAT | os.O_RDWR, 0o600, None))  # LEAK type=mqueue syscall=mq_open
rawcall.libc.mq_unlink(name)
