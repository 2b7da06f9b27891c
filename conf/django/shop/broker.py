"""Celery's broker of files, with a lock: with kombu's own, two workers may take one message, and one of them ends."""

import fcntl
import os
from contextlib import contextmanager

from kombu.transport import filesystem


class Channel(filesystem.Channel):
    @contextmanager
    def locked(self):
        with open(os.path.join(self.data_folder_in, ".lock"), "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _get(self, queue):
        with self.locked():
            return super()._get(queue)

    def _put(self, queue, payload, **options):
        with self.locked():
            super()._put(queue, payload, **options)

    def _purge(self, queue):
        with self.locked():
            return super()._purge(queue)

    def _queue_bind(self, *args):
        with self.locked():
            super()._queue_bind(*args)

    def get_table(self, exchange):
        with self.locked():
            return super().get_table(exchange)


class Transport(filesystem.Transport):
    Channel = Channel
