import ctypes

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
handle = open("/etc/passwd")
