"""The sender's side of sd_notify(3), without libsystemd.

Every function returns True when the message was handed over, and False when there is nobody to tell:
no NOTIFY_SOCKET in the environment.  It raises OSError when there is somebody, but the message
cannot be delivered; ValueError for what would not mean what the caller thinks.

A message is handed over at once: nothing stays open, so it may be sent from any thread and before
and after a fork.  Should the reader be so far behind that its queue is full, a call waits for it
for at most a second.
"""

import array
import asyncio
import os
import socket
import threading
import time
from typing import Iterable, List, Optional, Union

__all__ = [
    "Watchdog",
    "barrier",
    "bus_error",
    "error",
    "exit_status",
    "extend_timeout",
    "forget",
    "main_pid",
    "notify",
    "ready",
    "reloading",
    "remove_fds",
    "status",
    "stopping",
    "store_fds",
    "watchdog",
    "watchdog_change",
    "watchdog_interval",
    "watchdog_trigger",
]

SEND_SECONDS = 1.0  # how long a full queue may hold us up
FDNAME_MAX = 255  # sd_listen_fds_with_names(3)


# ---- any message ----


def notify(state: str, fds: Iterable[int] = ()) -> bool:
    """Send `state`, lines of NAME=VALUE, and with it these fds."""
    address = _address()
    if address is None:
        return False
    rights = array.array("i", fds)
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if rights else []
    # Python makes every socket SOCK_CLOEXEC (PEP 446).
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(SEND_SECONDS)
        sock.sendmsg([state.encode("utf-8", "surrogateescape")], control, socket.MSG_NOSIGNAL, address)
    return True


def _address() -> Union[None, str, bytes]:
    name = os.environ.get("NOTIFY_SOCKET", "")
    if not name:
        return None
    if name.startswith("@") and len(name) > 1:  # in the abstract name space, unix(7)
        return b"\0" + os.fsencode(name[1:])
    if name.startswith("/"):
        return os.fsencode(name)
    raise ValueError("NOTIFY_SOCKET=%s is neither a path nor an abstract name (@...)" % name)


def forget() -> None:
    """Remove the variables of this protocol, so that children of this process are not asked to speak it."""
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        os.environ.pop(name, None)


def barrier(timeout: Optional[float] = None) -> bool:
    """Wait until all that was sent so far has been processed; TimeoutError after so many seconds."""
    mine, theirs = socket.socketpair()
    with mine:
        with theirs:
            if not notify("BARRIER=1", [theirs.fileno()]):
                return False
        mine.settimeout(timeout)
        try:
            mine.recv(1)  # the end of file comes when the reader has closed its copy
        except socket.timeout:
            raise TimeoutError("no answer to BARRIER=1 within %s s" % timeout) from None
    return True


def _line(name: str, text: str) -> str:
    """A line break would begin another assignment."""
    return "%s=%s" % (name, " ".join(text.splitlines()))


def _usec(seconds: float) -> int:
    if not 0 <= seconds < 1 << 43:
        raise ValueError("%r is no number of seconds" % seconds)
    return int(seconds * 1_000_000)


def _send(lines: List[str], text: Optional[str]) -> bool:
    if text is not None:
        lines.append(_line("STATUS", text))
    return notify("\n".join(lines))


# ---- the life of a service ----


def ready(text: Optional[str] = None) -> bool:
    """READY=1: the start, or a reload, is done.  `text` becomes the STATUS as well."""
    return _send(["READY=1"], text)


def status(text: str) -> bool:
    """STATUS=: one line for people; line breaks become spaces."""
    return _send([], text)


def stopping(text: Optional[str] = None) -> bool:
    """STOPPING=1: the end has begun."""
    return _send(["STOPPING=1"], text)


def reloading(text: Optional[str] = None) -> bool:
    """RELOADING=1 and when that was (Type=notify-reload asks for it).  Say ready() when it is done."""
    return _send(["RELOADING=1", "MONOTONIC_USEC=%d" % (time.monotonic_ns() // 1000)], text)


def extend_timeout(seconds: float) -> bool:
    """EXTEND_TIMEOUT_USEC=: whatever is under way, start, reload or stop, takes up to so much longer, from now."""
    return notify("EXTEND_TIMEOUT_USEC=%d" % _usec(seconds))


def main_pid(pid: int) -> bool:
    """MAINPID=: another process than the one that was started is the main one."""
    return notify("MAINPID=%d" % pid)


def error(number: int, text: Optional[str] = None) -> bool:
    """ERRNO=: what is wrong, as in errno(3)."""
    return _send(["ERRNO=%d" % abs(number)], text)


def bus_error(name: str) -> bool:
    """BUSERROR=: the same as a D-Bus error name."""
    return notify(_line("BUSERROR", name))


def exit_status(number: int) -> bool:
    """EXIT_STATUS=: for a service in a container or a virtual machine, what it will exit with."""
    return notify("EXIT_STATUS=%d" % number)


# ---- fds that outlive us ----


def store_fds(fds: Iterable[int], name: Optional[str] = None, poll: bool = True) -> bool:
    """FDSTORE=1: keep copies of these, and pass them to the next start under `name`.

    poll: forget them when they report an error or the end of a stream.
    """
    lines = ["FDSTORE=1"]
    if name is not None:
        lines.append("FDNAME=" + _fd_name(name))
    if not poll:
        lines.append("FDPOLL=0")
    return notify("\n".join(lines), fds)


def remove_fds(name: str) -> bool:
    """FDSTOREREMOVE=1: forget those of this name."""
    return notify("FDSTOREREMOVE=1\nFDNAME=" + _fd_name(name))


def _fd_name(name: str) -> str:
    if not name or len(name) > FDNAME_MAX or ":" in name or not (name.isascii() and name.isprintable()):
        raise ValueError("%r is no name for fds: up to 255 printable ASCII characters without ':'" % name)
    return name


# ---- the watchdog ----


def watchdog_interval() -> Optional[float]:
    """The seconds within which a WATCHDOG=1 is awaited from this process; None: there is no watchdog."""
    try:
        usec = int(os.environ.get("WATCHDOG_USEC", "0"))
        pid = int(os.environ.get("WATCHDOG_PID", "0") or "0")
    except ValueError:
        return None
    if usec <= 0 or (pid != 0 and pid != os.getpid()):
        return None
    return usec / 1_000_000


def watchdog() -> bool:
    """WATCHDOG=1: still alive."""
    return notify("WATCHDOG=1")


def watchdog_trigger() -> bool:
    """WATCHDOG=trigger: treat this process as hung."""
    return notify("WATCHDOG=trigger")


def watchdog_change(seconds: float) -> bool:
    """WATCHDOG_USEC=: await the messages within so many seconds from now on."""
    return notify("WATCHDOG_USEC=%d" % _usec(seconds))


class Watchdog:
    """Sends WATCHDOG=1 at half the interval, for as long as the main loop is alive.

    What matters is where the message comes from.  A thread that does nothing but send it goes on
    sending while the main thread hangs, and then the watchdog never bites: worse than none, as
    everybody believes in it.  So there are these forms:

    beat()          explicit: called by the main loop in each of its turns, and as often as it likes,
                    since it sends only when half the interval is over.  The best form.
    run()           the same for asyncio: a task; it stands still when the event loop does.
    start_thread()  for a loop that may rightly be silent longer than the interval (one long request
                    at a time, say): a thread sends, but only while the latest beat() is at most
                    `limit` seconds old.

    A watchdog knows its interval from when it was made.  Make it in the worker, not while the
    application is imported: a zygote has no watchdog, and its threads fail the audit.
    Without a watchdog in the environment all of them do nothing.
    """

    def __init__(self) -> None:
        self.interval = watchdog_interval()
        self._sent = float("-inf")
        self._latest = float("-inf")
        self._end = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def beat(self) -> bool:
        """The main loop is alive.  True: a message was sent."""
        if self.interval is None:
            return False
        now = self._latest = time.monotonic()
        if self._thread is not None or now - self._sent < self.interval / 2:
            return False
        return self._ping(now)

    def _ping(self, now: float) -> bool:
        try:
            sent = watchdog()
        except OSError:
            return False  # the supervisor is away or busy: the next turn tries again
        self._sent = now
        return sent

    async def run(self) -> None:
        """Beats until it is cancelled; at once over where there is no watchdog."""
        while self.interval is not None:
            self.beat()
            # Less than half, so that the one turn never just misses it and the other comes late.
            await asyncio.sleep(self.interval / 4)

    def start_thread(self, limit: float) -> None:
        """Sends from a thread while beats are no older than `limit` seconds; this counts as one."""
        if self.interval is None or self._thread is not None:
            return
        self._latest = time.monotonic()
        self._end.clear()
        self._thread = threading.Thread(
            target=self._send_while_alive, args=(self.interval, limit), name="watchdog", daemon=True
        )
        self._thread.start()

    def _send_while_alive(self, interval: float, limit: float) -> None:
        while True:
            now = time.monotonic()
            if now - self._latest <= limit:
                self._ping(now)
            if self._end.wait(interval / 2):
                return

    def stop(self) -> None:
        """Ends the thread."""
        if self._thread is not None:
            self._end.set()
            self._thread.join()
            self._thread = None
