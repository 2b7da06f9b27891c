import ctypes

stream = ctypes.CDLL(None).fopen(__file__.encode(), b"r")  # LEAK type=file syscall=openat
