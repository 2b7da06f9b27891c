"""forkserver.notify: what arrives at a socket like the supervisor's.  Only the standard library, so that every
Python can run it: PYTHONPATH=python python3 -m unittest discover -s tests/python"""
import array
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

from forkserver import notify

DEADLINE = 30


class Reader:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.settimeout(DEADLINE)
        self.sock.bind(address)

    def read(self):
        """(text, fds) of the next message."""
        size = array.array("i").itemsize
        data, control, _, _ = self.sock.recvmsg(65536, socket.CMSG_SPACE(16 * size))
        fds = array.array("i")
        for level, kind, payload in control:
            assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
            fds.frombytes(payload[:len(payload) - len(payload) % size])
        return data.decode(), list(fds)

    def is_empty(self):
        self.sock.setblocking(False)
        try:
            self.sock.recv(1)
            return False
        except BlockingIOError:
            return True
        finally:
            self.sock.settimeout(DEADLINE)


class Base(unittest.TestCase):
    environment = {}

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        path = os.path.join(place.name, "notify")
        self.reader = Reader(path)
        self.addCleanup(self.reader.sock.close)
        self.use(NOTIFY_SOCKET=path)

    def use(self, **variables):
        clean = {name: value for name, value in os.environ.items()
                 if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")}
        patch = mock.patch.dict(os.environ, {**clean, **variables}, clear=True)
        patch.start()
        self.addCleanup(patch.stop)

    def says(self, text):
        self.assertEqual(self.reader.read(), (text, []))


class Nobody(unittest.TestCase):
    def test_no_socket(self):
        """Without NOTIFY_SOCKET nothing happens, and all of them say so."""
        with mock.patch.dict(os.environ):
            os.environ.pop("NOTIFY_SOCKET", None)
            for value in (None, ""):
                if value is not None:
                    os.environ["NOTIFY_SOCKET"] = value
                for sent in (notify.ready(), notify.status("x"), notify.stopping(), notify.reloading(),
                             notify.watchdog(), notify.watchdog_trigger(), notify.main_pid(1),
                             notify.extend_timeout(1), notify.store_fds([0], "x"), notify.remove_fds("x"),
                             notify.error(1), notify.bus_error("x"), notify.exit_status(1), notify.barrier(1),
                             notify.watchdog_change(1), notify.notify("X=1")):
                    self.assertIs(sent, False)


class Messages(Base):
    def test_each(self):
        for call, text in [
                (lambda: notify.ready(), "READY=1"),
                (lambda: notify.ready("serving"), "READY=1\nSTATUS=serving"),
                (lambda: notify.status("42 % \u00e9"), "STATUS=42 % \u00e9"),
                (lambda: notify.status("two\nREADY=1\r\nlines"), "STATUS=two READY=1 lines"),
                (lambda: notify.stopping(), "STOPPING=1"),
                (lambda: notify.stopping("draining"), "STOPPING=1\nSTATUS=draining"),
                (lambda: notify.watchdog(), "WATCHDOG=1"),
                (lambda: notify.watchdog_trigger(), "WATCHDOG=trigger"),
                (lambda: notify.watchdog_change(0.25), "WATCHDOG_USEC=250000"),
                (lambda: notify.main_pid(4711), "MAINPID=4711"),
                (lambda: notify.extend_timeout(1.5), "EXTEND_TIMEOUT_USEC=1500000"),
                (lambda: notify.error(2), "ERRNO=2"),
                (lambda: notify.bus_error("org.x.Y"), "BUSERROR=org.x.Y"),
                (lambda: notify.exit_status(3), "EXIT_STATUS=3"),
                (lambda: notify.remove_fds("db"), "FDSTOREREMOVE=1\nFDNAME=db"),
                (lambda: notify.notify("A=1\nB=2"), "A=1\nB=2")]:
            self.assertIs(call(), True)
            self.says(text)

    def test_reloading(self):
        """With the time of CLOCK_MONOTONIC at which it was said."""
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertTrue(notify.reloading())
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        first, second = self.reader.read()[0].split("\n")
        self.assertEqual(first, "RELOADING=1")
        self.assertTrue(before <= int(second[len("MONOTONIC_USEC="):]) <= after, second)

    def test_fds(self):
        """The fds that arrive are the ones that were sent."""
        first, second = os.pipe()
        self.addCleanup(os.close, first)
        self.addCleanup(os.close, second)
        self.assertTrue(notify.store_fds([first, second], "pipe", poll=False))
        text, fds = self.reader.read()
        for fd in fds:
            self.addCleanup(os.close, fd)
        self.assertEqual(text, "FDSTORE=1\nFDNAME=pipe\nFDPOLL=0")
        self.assertEqual([os.fstat(fd).st_ino for fd in fds], [os.fstat(first).st_ino, os.fstat(second).st_ino])
        self.assertTrue(notify.store_fds([first]))
        text, fds = self.reader.read()
        os.close(fds[0])
        self.assertEqual(text, "FDSTORE=1")

    def test_refused(self):
        for call in (lambda: notify.store_fds([0], "a:b"), lambda: notify.store_fds([0], ""),
                     lambda: notify.remove_fds("a\nREADY=1"), lambda: notify.remove_fds("x" * 256),
                     lambda: notify.extend_timeout(-1), lambda: notify.extend_timeout(float("nan"))):
            self.assertRaises(ValueError, call)
        self.assertTrue(self.reader.is_empty())

    def test_abstract(self):
        name = "forkserver-test-%d" % os.getpid()
        with contextlib.closing(Reader("\0" + name).sock) as sock:
            self.use(NOTIFY_SOCKET="@" + name)
            self.assertTrue(notify.ready())
            self.assertEqual(sock.recv(100), b"READY=1")

    def test_bad_address(self):
        for value in ("relative/path", "@", "vsock:2:1234"):
            self.use(NOTIFY_SOCKET=value)
            self.assertRaises(ValueError, notify.ready)

    def test_nobody_listens(self):
        self.reader.sock.close()
        self.assertRaises(OSError, notify.ready)

    def test_full_queue(self):
        """A reader that does not read is not waited for for ever."""
        with mock.patch.object(notify, "SEND_SECONDS", 0.05), self.assertRaises(OSError):
            for _ in range(100000):
                notify.ready()

    def test_nothing_stays_open(self):
        """And what is open meanwhile is closed by an exec."""
        before = os.listdir("/proc/self/fd")
        seen = []
        original = socket.socket.sendmsg

        def spy(sock, *arguments):
            seen.append(os.get_inheritable(sock.fileno()))
            return original(sock, *arguments)

        class Spy(socket.socket):
            sendmsg = spy

        with mock.patch.object(socket, "socket", Spy):
            self.assertTrue(notify.ready())
        self.assertEqual(seen, [False])
        self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_barrier(self):
        """It returns when the reader has closed the fd that came with it."""
        got = []

        def read():
            got.extend([self.reader.read(), self.reader.read()])
            os.close(got[1][1][0])

        notify.ready()
        thread = threading.Thread(target=read)
        thread.start()
        self.assertTrue(notify.barrier(DEADLINE))
        thread.join()
        self.assertEqual([text for text, _ in got], ["READY=1", "BARRIER=1"])

    def test_barrier_times_out(self):
        self.assertRaises(TimeoutError, notify.barrier, 0.01)
        os.close(self.reader.read()[1][0])

    def test_forget(self):
        self.use(NOTIFY_SOCKET="/x", WATCHDOG_USEC="1", WATCHDOG_PID="1")
        notify.forget()
        self.assertFalse({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ))


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


class WatchdogTests(Base):
    def alive(self, **variables):
        self.use(NOTIFY_SOCKET=os.environ["NOTIFY_SOCKET"], **variables)

    def test_interval(self):
        for usec, pid, interval in [("2000000", None, 2.0), ("2000000", str(os.getpid()), 2.0),
                                    ("2000000", str(os.getppid()), None), ("0", None, None),
                                    ("-5", None, None), ("soon", None, None), (None, None, None),
                                    ("500000", "", 0.5), ("500000", "me", None)]:
            variables = {"WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}
            self.use(**{name: value for name, value in variables.items() if value is not None})
            self.assertEqual(notify.watchdog_interval(), interval, (usec, pid))

    def test_beat(self):
        """At half the interval, however often the loop turns."""
        self.alive(WATCHDOG_USEC="10000000")
        clock = Clock()
        with mock.patch.object(notify.time, "monotonic", clock.monotonic):
            watchdog = notify.Watchdog()
            sent = []
            for second in range(21):
                clock.now = 1000.0 + second
                if watchdog.beat():
                    sent.append(second)
                    self.says("WATCHDOG=1")
        self.assertEqual(sent, [0, 5, 10, 15, 20])
        self.assertTrue(self.reader.is_empty())

    def test_without_watchdog(self):
        watchdog = notify.Watchdog()
        self.assertIs(watchdog.beat(), False)
        asyncio.run(watchdog.run())  # over at once
        watchdog.start_thread(1)
        watchdog.stop()
        self.assertTrue(self.reader.is_empty())

    def test_a_lost_message_is_tried_again(self):
        self.alive(WATCHDOG_USEC="10000000")
        watchdog = notify.Watchdog()
        with mock.patch.object(notify, "watchdog", side_effect=OSError):
            self.assertIs(watchdog.beat(), False)
        self.assertIs(watchdog.beat(), True)

    def test_asyncio(self):
        """The task sends while the loop turns."""
        self.alive(WATCHDOG_USEC="40000")

        async def main():
            task = asyncio.ensure_future(notify.Watchdog().run())
            loop = asyncio.get_running_loop()
            for _ in range(3):
                await loop.run_in_executor(None, self.says, "WATCHDOG=1")
            task.cancel()

        asyncio.run(main())

    def test_asyncio_hangs(self):
        """A loop that hangs sends nothing: that is the point."""
        self.alive(WATCHDOG_USEC="40000")
        hung = threading.Event()

        async def main():
            task = asyncio.ensure_future(notify.Watchdog().run())
            await asyncio.sleep(0)
            self.says("WATCHDOG=1")
            hung.wait(0.2)  # many intervals, and the loop stands still
            self.assertTrue(self.reader.is_empty())
            task.cancel()

        asyncio.run(main())

    def test_thread(self):
        """It sends on its own while the latest beat is young enough, and not after."""
        self.alive(WATCHDOG_USEC="20000")
        clock = Clock()
        with mock.patch.object(notify.time, "monotonic", clock.monotonic):
            watchdog = notify.Watchdog()
            watchdog.start_thread(limit=60)
            self.addCleanup(watchdog.stop)
            for _ in range(3):
                self.says("WATCHDOG=1")
            clock.now += 61  # the main thread has hung for longer than it may
            while not self.reader.is_empty():  # what was sent before that
                pass
            self.assertFalse(watchdog._end.wait(0.2))
            self.assertTrue(self.reader.is_empty())
            watchdog.beat()
            self.says("WATCHDOG=1")
            watchdog.stop()


class Imports(unittest.TestCase):
    def test_importing_opens_nothing(self):
        """In `preload` it must leave nothing behind."""
        code = ("import os, threading; before = os.listdir('/proc/self/fd')\n"
                "import forkserver, forkserver.notify, forkserver.worker, forkserver.serve\n"
                "assert os.listdir('/proc/self/fd') == before\n"
                "assert threading.active_count() == 1\n")
        subprocess.run([sys.executable, "-c", code], check=True, timeout=DEADLINE)


if __name__ == "__main__":
    unittest.main()
