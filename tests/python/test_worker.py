"""forkserver.worker: names, sockets and the count of requests."""
import fcntl
import os
import socket
import sys
import threading
import unittest
from unittest import mock

import forkserver
from forkserver import worker

VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "FORKSERVER_PROGRAM", "FORKSERVER_PROCESS_NUM",
             "FORKSERVER_GENERATION", "FORKSERVER_COUNTER", "SUPERVISOR_PROCESS_NAME", "SUPERVISOR_GROUP_NAME")

F_ADD_SEALS = 1033  # fcntl(2)


class Base(unittest.TestCase):
    def use(self, **variables):
        clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        patch = mock.patch.dict(os.environ, {**clean, **variables}, clear=True)
        patch.start()
        self.addCleanup(patch.stop)


class Identity(Base):
    def test_supervised(self):
        self.use(FORKSERVER_PROGRAM="web", SUPERVISOR_PROCESS_NAME="web_03", SUPERVISOR_GROUP_NAME="site",
                 FORKSERVER_PROCESS_NUM="3", FORKSERVER_GENERATION="12")
        self.assertEqual((worker.program(), worker.process(), worker.group(), worker.number(), worker.generation()),
                         ("web", "web_03", "site", 3, 12))

    def test_alone(self):
        self.use()
        self.assertEqual((worker.program(), worker.process(), worker.group(), worker.number(), worker.generation()),
                         (None,) * 5)
        self.assertEqual(worker.sockets(), [])

    def test_nonsense(self):
        self.use(FORKSERVER_GENERATION="new", FORKSERVER_PROCESS_NUM="")
        self.assertEqual((worker.number(), worker.generation()), (None, None))


class Sockets(Base):
    def setUp(self):
        """Listeners at the fds where a worker has them, from LISTEN_FDS_START on."""
        self.made = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))]
        first = self.made[0].fileno()
        self.assertEqual(self.made[1].fileno(), first + 1)
        for patch in (mock.patch.object(worker, "LISTEN_FDS_START", first), mock.patch.object(worker, "_opened", {})):
            patch.start()
            self.addCleanup(patch.stop)
        for sock in self.made:
            os.set_inheritable(sock.fileno(), True)
        self.addCleanup(lambda: [sock.close() for sock in self.made])

    def pass_on(self, names="http:admin", pid=None, count=2):
        self.use(LISTEN_FDS=str(count), LISTEN_FDNAMES=names, LISTEN_PID=str(pid or os.getpid()))

    def detach(self):
        """The objects of the test let go of fds that the module's objects own."""
        for sock in self.made:
            sock.detach()
        self.addCleanup(lambda: [sock.close() for sock in worker._opened.values()])

    def test_by_name(self):
        self.pass_on()
        self.detach()
        http, admin = worker.sockets()
        self.assertEqual((http.name, admin.name), ("http", "admin"))
        self.assertEqual(worker.sockets("admin"), [admin])
        self.assertIs(worker.sockets("http")[0], http)
        self.assertEqual((http.family, http.type), (socket.AF_INET, socket.SOCK_STREAM))
        self.assertFalse(os.get_inheritable(http.fileno()))
        with socket.create_connection(http.getsockname()) as client, http.accept()[0] as accepted:
            self.assertEqual(accepted.getpeername(), client.getsockname())

    def test_listen_changes_nothing(self):
        """The length of the queue is not ours."""
        self.pass_on()
        self.detach()
        from forkserver.serve.backlog import backlog
        http = worker.sockets("http")[0]
        before = backlog(http)
        http.listen(1)
        self.assertEqual(backlog(http), before)
        self.assertNotEqual(before, 1)

    def test_missing_name(self):
        self.pass_on()
        with self.assertRaisesRegex(KeyError, "no socket 'x'.*it has: http, admin"):
            worker.sockets("x")

    def test_for_another_process(self):
        self.pass_on(pid=os.getppid())
        self.assertEqual(worker.passed_fds(), [])

    def test_child(self):
        """A process that the worker has forked was passed nothing."""
        self.pass_on()
        pid = os.fork()
        if pid == 0:
            os._exit(0 if worker.passed_fds() == [] else 1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_padded_pid(self):
        """The supervisor leaves room for the number that it does not know yet."""
        self.pass_on(pid="%d    " % os.getpid())
        self.assertEqual(len(worker.passed_fds()), 2)

    def test_no_names(self):
        self.pass_on(names="")
        self.assertEqual([each.name for each in worker.passed_fds()], ["unknown", "unknown"])
        self.pass_on(names="http")
        self.assertEqual([each.name for each in worker.passed_fds()], ["http", "unknown"])


class Requests(unittest.TestCase):
    def setUp(self):
        self.before = forkserver.requests()
        patch = mock.patch.object(worker, "_hooks", [])
        patch.start()
        self.addCleanup(patch.stop)

    def test_count(self):
        forkserver.request_done()
        forkserver.request_done(3)
        self.assertEqual(forkserver.requests() - self.before, 4)

    def test_threads(self):
        def work():
            for _ in range(2000):
                forkserver.request_done()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(forkserver.requests() - self.before, 16000)

    def test_hook(self):
        seen = []
        worker.count_with(seen.append)
        forkserver.request_done()
        forkserver.request_done(2)
        self.assertEqual(seen, [1, 2])

    def test_fork(self):
        """A child begins at 0, even if it was forked while somebody counted."""
        forkserver.request_done()
        with worker._lock:
            pid = os.fork()
            if pid == 0:
                counted = forkserver.requests()
                forkserver.request_done()
                os._exit(0 if (counted, forkserver.requests()) == (0, 1) else 1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)


@unittest.skipUnless(hasattr(os, "memfd_create"), "no memfd")
class Shared(Base):
    """The number that the supervisor reads, from its own fd of the memory."""

    def setUp(self):
        for name, value in (("_shared", None), ("_looked", False), ("_requests", 0)):
            patch = mock.patch.object(worker, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def make(self, size=8, sealed=True):
        ours = os.memfd_create("counter", os.MFD_ALLOW_SEALING)
        self.addCleanup(os.close, ours)
        os.ftruncate(ours, size)
        if sealed:
            fcntl.fcntl(ours, F_ADD_SEALS, worker.F_SEAL_SHRINK)
        theirs = os.dup(ours)
        os.set_inheritable(theirs, True)
        self.addCleanup(os.close, theirs)
        self.use(FORKSERVER_COUNTER=str(theirs))
        return ours, theirs

    def count(self, fd):
        return int.from_bytes(os.pread(fd, 8, 0), sys.byteorder)

    def test_shared(self):
        ours, theirs = self.make()
        self.assertEqual(self.count(ours), 0)
        forkserver.request_done()
        self.assertEqual(self.count(ours), 1)
        forkserver.request_done(41)
        self.assertEqual(self.count(ours), 42)
        self.assertFalse(os.get_inheritable(theirs))

    def test_threads(self):
        ours, _ = self.make()
        threads = [threading.Thread(target=lambda: [forkserver.request_done() for _ in range(2000)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.count(ours), 16000)

    def test_child(self):
        """What a worker has forked is not what the supervisor counts."""
        ours, _ = self.make()
        forkserver.request_done()
        pid = os.fork()
        if pid == 0:
            forkserver.request_done(7)
            os._exit(0 if forkserver.requests() == 7 else 1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertEqual(self.count(ours), 1)

    def test_another_fd(self):
        """A file that has the number now is left alone."""
        for arguments in ({"sealed": False}, {"size": 16}):
            ours, _ = self.make(**arguments)
            worker._looked = False
            forkserver.request_done()
            self.assertIsNone(worker._shared)
            self.assertEqual(self.count(ours), 0)

    def test_nonsense(self):
        for text in ("", "x", "-1", "99999"):
            self.use(FORKSERVER_COUNTER=text)
            worker._looked = False
            forkserver.request_done()
            self.assertIsNone(worker._shared)


if __name__ == "__main__":
    unittest.main()
