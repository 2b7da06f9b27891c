"""What the supervisor learns from a server in this process, and what ends one that does not go on.

A master would look after its workers from outside.  Here the supervisor does that; what only the
process itself can know, a lifeline does: that requests are accepted now, that the main loop still
turns, that the end has begun.
"""

import faulthandler
import signal
import sys
import time
from typing import Any, Optional

from forkserver import notify, worker

IDLE_SECONDS = 1.0  # how long a main loop may rest between two beats


class Lifeline:
    """One of these for a process that serves.

    The two time limits are kept by a thread of faulthandler's that needs neither the GIL nor a loop
    that turns: it writes the Python stacks of all threads to standard error, which is the log, and ends
    the process with status 1.  A request that it cuts off is lost, as it would be with a kill.
    """

    def __init__(self, timeout: float, graceful_timeout: float, linger: float = 0.0) -> None:
        self.timeout, self.graceful_timeout = timeout, graceful_timeout
        # The end of the one must leave time for the end of the process, before the other is over.
        self.linger = min(linger, graceful_timeout / 2) if graceful_timeout else linger
        self.stopping = False
        self._stopped_at = 0.0
        self._watchdog = notify.Watchdog()
        self._armed = float("-inf")

    @property
    def idle_seconds(self) -> float:
        """How long the main loop may rest: with the shortest limit it still beats four times."""
        limits = [self._watchdog.interval, self.timeout]
        return min([IDLE_SECONDS, *(limit / 4 for limit in limits if limit)])

    def ready(self) -> None:
        """Requests are accepted from now on."""
        self.beat()
        _tell(notify.ready)

    def beat(self) -> None:
        """The main loop turns.  Cheap: a clock is read, and little more."""
        self._watchdog.beat()
        if not self.timeout or self.stopping:
            return
        now = time.monotonic()
        if now - self._armed >= self.idle_seconds:
            self._armed = now
            _end_after(self.timeout)

    def stop(self) -> None:
        """Nothing new is accepted from now on; called again, it does nothing.  Signal handlers may call it."""
        if self.stopping:
            return
        self._stopped_at = time.monotonic()
        self.stopping = True
        if self.graceful_timeout:
            _end_after(self.graceful_timeout)
        else:
            faulthandler.cancel_dump_traceback_later()
        _tell(notify.stopping)

    def has_lingered(self) -> bool:
        """Open connections without a request have been given their time for another one.

        A client of HTTP/1.1 may send a request on an open connection at any moment.  Where the server
        closes it at that moment, the request is lost, and the client cannot know whether it was served.
        So a silent connection is not closed when the end begins: its next answer says `Connection:
        close`, and only when nothing has come for so long it is closed as idle ones always are.
        """
        return self.stopping and time.monotonic() - self._stopped_at >= self.linger

    def done(self) -> None:
        """All is finished.  For a SIGTERM it is too late, and the interpreter's end would let it kill us."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.stop()
        faulthandler.cancel_dump_traceback_later()


def _end_after(seconds: float) -> None:
    # In place of the one before.  fd 2, as sys.stderr may be anything.
    faulthandler.dump_traceback_later(seconds, file=2, exit=True)


def _tell(function: Any) -> None:
    """A message that cannot be delivered is no reason not to serve."""
    try:
        function()
    except (OSError, ValueError) as error:
        print("forkserver.serve: %s: NOTIFY_SOCKET: %s" % (worker.process() or "worker", error), file=sys.stderr)


class Quota:
    """Counts requests, for all who want to know, and says when a worker has served enough."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._before: Optional[int] = None

    def done(self) -> bool:
        """One more is done.  True: it was the last one that this process should serve."""
        worker.request_done()
        return self.is_used_up()

    def is_used_up(self) -> bool:
        return bool(self.limit) and worker.requests() >= self.limit
