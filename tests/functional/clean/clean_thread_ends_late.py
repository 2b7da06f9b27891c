"""Says that it is done before it is: it still needs the GIL when the import has ended."""
import _thread
import time

lock = _thread.allocate_lock()
lock.acquire()


def work():
    lock.release()
    end = time.perf_counter() + 0.02
    while time.perf_counter() < end:
        pass


_thread.start_new_thread(work, ())
lock.acquire()
