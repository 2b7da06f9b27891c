"""Threads, a pool, a queue and a timer; locks and thread-local data made at import.
Eager: the pool has started its thread at import."""
import concurrent.futures
import queue
import threading

import app_result

LOCK = threading.RLock()
LOCAL = threading.local()
LOCAL.name = "import"
POOL = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="pool")
if app_result.EAGER:
    POOL.submit(len, "x").result()


def count(number):
    with LOCK:
        LOCAL.name = "thread %d" % number
    return number * number, threading.current_thread().name.startswith("pool")


def serve(jobs, results):
    while (job := jobs.get()) is not None:
        results.append(job * 2)


def work():
    squares = list(POOL.map(count, range(100)))
    jobs, results = queue.Queue(), []
    threads = [threading.Thread(target=serve, args=(jobs, results)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for job in [*range(30), None, None, None]:
        jobs.put(job)
    for thread in threads:
        thread.join(60)
    rung = threading.Event()
    threading.Timer(0.01, rung.set).start()
    return {"squares": sum(square for square, _ in squares), "pool": all(good for _, good in squares),
            "doubled": sorted(results), "rung": rung.wait(60), "local": LOCAL.name,
            "main": threading.main_thread() is threading.current_thread()}


def run():
    app_result.run(work)
