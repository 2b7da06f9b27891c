"""A thread that Python knows nothing of."""
import ctypes

libc = ctypes.CDLL(None)
thread = ctypes.c_ulong()
start = ctypes.cast(libc.pause, ctypes.c_void_p)
libc.pthread_create(ctypes.byref(thread), None, start, None)  # LEAK kind=thread
