"""A Celery worker in this process: no pool of processes of its own, as numprocs says how many there are."""

import socket
from typing import Any, Dict

from celery import signals
from celery.worker import state

from forkserver import worker
from forkserver.serve import options
from forkserver.serve.lifeline import Lifeline, Quota


def connect(lifeline: Lifeline, quota: Quota) -> Any:
    """Celery's signals to the supervisor.  It holds receivers weakly: keep what this returns."""

    def ready(**_: Any) -> None:
        lifeline.ready()

    def stopping(**_: Any) -> None:
        lifeline.stop()

    def task_done(**_: Any) -> None:
        if quota.done():
            lifeline.stop()
            state.should_stop = 0  # the exit status of a warm shutdown

    signals.worker_ready.connect(ready)
    signals.worker_shutting_down.connect(stopping)
    signals.task_postrun.connect(task_done)
    return ready, stopping, task_done


def make_worker(app: Any, settings: options.Settings) -> Any:
    keywords: Dict[str, Any] = {
        # Each worker of a broker needs a name of its own.
        "hostname": settings.hostname or "%s@%s" % (worker.process() or "worker", socket.gethostname()),
        "pool": settings.pool,
        "concurrency": settings.concurrency,
        "loglevel": settings.loglevel,
        "queues": settings.queues,
        **options.literals(settings.option),
    }
    return app.Worker(**keywords)


def serve(settings: options.Settings) -> int:
    # No time limit for its loop: a task of the solo pool may stop it for as long as it runs.
    lifeline = Lifeline(0, settings.graceful_timeout)
    receivers = connect(lifeline, Quota(settings.max_requests))
    app = options.find_app(settings.app)
    made = make_worker(app, settings)
    made.start()  # returns after a warm shutdown
    lifeline.done()
    del receivers
    return int(made.exitcode or 0)
