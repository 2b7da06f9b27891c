"""Hundreds of threads at once, all joined."""
import threading

barrier = threading.Barrier(301)
threads = [threading.Thread(target=barrier.wait) for _ in range(300)]
for thread in threads:
    thread.start()
barrier.wait()
for thread in threads:
    thread.join()
