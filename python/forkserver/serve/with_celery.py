"""A Celery worker in this process: no pool of processes of its own, as numprocs says how many there are."""

import importlib
import signal
import socket
from typing import Any, Dict

from celery import signals
from celery.worker import state

from forkserver import worker
from forkserver.serve import options
from forkserver.serve.lifeline import Lifeline, Quota

# What Celery itself imports when a worker starts: a zygote that has imported this module shares them.
for name in ("celery.app.control", "celery.app.events", "celery.app.log", "celery.apps.worker", "celery.backends.base",
             "celery.concurrency.solo", "celery.events.dispatcher", "celery.events.receiver", "celery.worker.autoscale",
             "celery.worker.components", "celery.worker.consumer", "celery.worker.control", "celery.worker.strategy"):
    importlib.import_module(name)

WARM = 0  # the exit status of a warm shutdown


class Service:
    """A worker of Celery's between its signals and the supervisor.

    The solo pool runs a task in the main thread.  Celery's own handler of SIGTERM may raise its
    exception right there, in the middle of the task; and where it only takes a note, the main loop ends
    before it has acknowledged the task, which is then run again.  So with that pool the handler is
    ours: the end is put after the acknowledgement, into the queue that the main loop works off.
    """

    def __init__(self, settings: options.Settings, lifeline: Lifeline, quota: Quota) -> None:
        self.lifeline, self.quota = lifeline, quota
        self.solo = settings.pool == "solo"
        self.busy = False
        self.told = False
        app = options.find_app(settings.app, "app")
        self.worker = app.Worker(**keywords(settings))
        signals.worker_ready.connect(self.ready)
        signals.worker_shutting_down.connect(self.stopping)
        signals.task_prerun.connect(self.task_begins)
        signals.task_postrun.connect(self.task_done)

    def ready(self, **_: Any) -> None:
        if self.solo:
            signal.signal(signal.SIGTERM, self.told_to_stop)
        self.lifeline.ready()

    def stopping(self, **_: Any) -> None:
        self.lifeline.stop()

    def told_to_stop(self, *_: Any) -> None:
        self.told = True
        self.lifeline.stop()
        if not self.busy:
            end()

    def task_begins(self, **_: Any) -> None:
        self.busy = True

    def task_done(self, **_: Any) -> None:
        self.busy = False
        used_up = self.quota.done()
        if not (used_up or self.told):
            return
        self.lifeline.stop()
        if self.solo:
            self.worker.consumer.call_soon(end)
        else:  # it waits for the tasks of its pool
            end()


def end() -> None:
    """The main loop looks at this in each of its turns."""
    state.should_stop = WARM


def keywords(settings: options.Settings) -> Dict[str, Any]:
    return {
        # Each worker of a broker needs a name of its own.
        "hostname": settings.hostname or "%s@%s" % (worker.process() or "worker", socket.gethostname()),
        "pool": settings.pool,
        "concurrency": settings.concurrency,
        "loglevel": settings.loglevel,
        "queues": settings.queues,
        **options.literals(settings.option),
    }


def serve(settings: options.Settings) -> int:
    # No time limit for its loop: a task of the solo pool may stop it for as long as it runs.
    lifeline = Lifeline(0, settings.graceful_timeout)
    service = Service(settings, lifeline, Quota(settings.max_requests))
    service.worker.start()  # returns after a warm shutdown
    lifeline.done()
    return int(service.worker.exitcode or 0)
