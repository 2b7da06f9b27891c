import ctypes

fd = ctypes.CDLL(None).open(__file__.encode(), 0)  # LEAK type=file syscall=openat
