"""A Celery application on the memory broker: a worker with its pool runs in a thread of ours.
Eager: a pool of threads that Celery's own worker would start."""
import threading

from celery import Celery
from celery.contrib.testing.worker import start_worker
import celery.contrib.testing.tasks  # noqa: F401

import app_result

app = Celery("app_celery", broker="memory://", backend="cache+memory://")
app.conf.update(worker_hijack_root_logger=False)


@app.task
def power(base, exponent):
    return base ** exponent, threading.current_thread() is not threading.main_thread()


app.finalize()
app.loader.import_default_modules()
if app_result.EAGER:
    threading.Thread(target=threading.Event().wait, name="beat", daemon=True).start()


def work():
    with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False, loglevel="ERROR"):
        answers = [power.delay(2, number) for number in range(20)]
        values = [answer.get(timeout=60) for answer in answers]
    return {"powers": [value for value, _ in values], "elsewhere": all(there for _, there in values)}


def run():
    app_result.run(work)
