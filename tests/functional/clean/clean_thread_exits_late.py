"""Joined, but on its way out of the kernel for a moment longer."""
import _thread

lock = _thread.allocate_lock()
lock.acquire()


def work():
    lock.release()


for _ in range(20):
    _thread.start_new_thread(work, ())
    lock.acquire()
