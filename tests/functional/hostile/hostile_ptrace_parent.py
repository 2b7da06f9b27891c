import ctypes
import os

PTRACE_SEIZE = 0x4206
ctypes.CDLL(None).ptrace(PTRACE_SEIZE, os.getppid(), 0, 0)
