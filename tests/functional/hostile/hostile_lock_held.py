"""A thread that ended with the import lock of nobody, and a lock held for ever."""
import threading

lock = threading.Lock()
lock.acquire()
