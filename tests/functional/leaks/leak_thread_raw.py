import _thread

lock = _thread.allocate_lock()
lock.acquire()
ident = _thread.start_new_thread(lock.acquire, ())  # LEAK kind=thread
