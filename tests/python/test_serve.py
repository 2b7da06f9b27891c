"""forkserver.serve: its command lines, and what ends a process that does not go on.  The servers themselves:
tests/functional/test_serve.py"""
import asyncio
import contextlib
import io
import os
import select
import socket
import subprocess
import sys
import unittest
from unittest import mock

from forkserver import serve, worker
from forkserver.serve import asgi_app, lifeline, options

DEADLINE = 60


def installed(*packages):
    return mock.patch.object(options, "_is_installed", lambda package: package in packages)


class Options(unittest.TestCase):
    def refused(self, function, arguments, text):
        with contextlib.redirect_stderr(io.StringIO()) as err, self.assertRaises(SystemExit) as end:
            function(arguments)
        self.assertEqual(end.exception.code, 2)
        self.assertIn(text, err.getvalue())

    def test_defaults(self):
        with installed("gunicorn", "waitress", "uvicorn"):
            settings = options.wsgi(["shop:app"])
            self.assertEqual((settings.app, settings.server, settings.threads, settings.timeout,
                              settings.graceful_timeout, settings.access_log, settings.max_requests,
                              settings.socket, settings.option),
                             ("shop:app", "gthread", 4, 30.0, 30.0, False, 0, [], {}))
            self.assertEqual(options.asgi(["shop:app"]).server, "uvicorn")
            self.assertEqual(options.asgi(["shop:app"]).timeout, 0.0)
            self.assertEqual(options.wsgi(["--server", "waitress", "shop:app"]).timeout, 0.0)
        settings = options.celery(["shop:app"])
        self.assertEqual((settings.pool, settings.concurrency, settings.graceful_timeout), ("solo", 1, 0.0))
        settings = options.celery("shop:app -P threads -c 3 -Q a,b -n x@y -l debug".split())
        self.assertEqual((settings.pool, settings.concurrency, settings.queues, settings.hostname, settings.loglevel),
                         ("threads", 3, "a,b", "x@y", "debug"))

    def test_all(self):
        with installed("gunicorn"):
            settings = options.wsgi(
                ["shop:app", "--server=sync", "--threads", "9", "--timeout=5", "--graceful-timeout=6", "--access-log",
                 "--max-requests=100", "--max-requests-jitter=0", "--socket=a", "--socket=b",
                 "--option=keep-alive=5", "--option", "x=y=z"])
        self.assertEqual((settings.server, settings.threads, settings.timeout, settings.graceful_timeout,
                          settings.access_log, settings.max_requests, settings.socket, settings.option),
                         ("sync", 9, 5.0, 6.0, True, 100, ["a", "b"], {"keep_alive": "5", "x": "y=z"}))

    def test_jitter(self):
        with installed("waitress"):
            seen = {options.wsgi(["x:y", "--max-requests", "100"]).max_requests for _ in range(500)}
        self.assertTrue(seen <= set(range(100, 111)) and len(seen) > 1, seen)

    def test_what_is_installed(self):
        with installed("waitress"):
            self.assertEqual(options.wsgi(["x:y"]).server, "waitress")
            self.refused(options.wsgi, ["x:y", "--server", "gevent"], "gunicorn is not installed for this Python")
            self.refused(options.asgi, ["x:y"], "none of uvicorn, hypercorn is installed")

    def test_refused(self):
        with installed("waitress"):
            for arguments, text in [([], "app"), (["x:y", "--server", "apache"], "invalid choice"),
                                    (["x:y", "--threads", "0"], "not above 0"),
                                    (["x:y", "--timeout", "-1"], "no number of seconds"),
                                    (["x:y", "--option", "x"], "NAME=VALUE is wanted")]:
                self.refused(options.wsgi, arguments, text)

    def test_made_ready(self):
        """Read before the fork, found by the worker; what each worker draws does not change what the next one finds."""
        command = ["x:y", "--max-requests", "1000", "--max-requests-jitter", "1000000"]
        with mock.patch.dict(options._READY, clear=True), installed("waitress"):
            ready = options.make_ready("wsgi", command)
        with mock.patch.dict(options._READY, {("wsgi", *command): ready}):
            drawn = [options.wsgi(command) for _ in range(3)]  # nothing is installed here
            self.assertEqual(len({each.max_requests for each in drawn}), 3)
            self.assertEqual((ready.max_requests, ready.server, drawn[0].server), (1000, "waitress", "waitress"))
            with installed("gunicorn"):
                self.assertEqual(options.wsgi(["x:y"]).server, "gthread")  # another command

    def test_every_kind_is_made_ready(self):
        """By whatever is there of servers, gunicorn among them."""
        with mock.patch.dict(options._READY, clear=True), installed("gunicorn", "uvicorn"), \
                mock.patch.dict(sys.modules, {"forkserver.serve.with_gunicorn": mock.Mock(SHARED_CLASSES=["gthread"])}):
            for kind in serve.__all__:
                serve.make_ready(kind, ["x:y"])
            self.assertEqual(sorted(options._READY), [("asgi", "x:y"), ("celery", "x:y"), ("wsgi", "x:y")])
            made = sys.modules["forkserver.serve.with_gunicorn"].make_ready
            made.assert_called_once_with(options._READY[("wsgi", "x:y")])

    def test_what_is_wrong_is_not_made_ready(self):
        """The worker says it, and nobody else."""
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.dict(options._READY, clear=True), installed(), contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(err):
            for kind, arguments in [("wsgi", ["--help"]), ("wsgi", []), ("asgi", ["x:y", "--threads", "2"]),
                                    ("wsgi", ["x:y"]), ("celery", ["x:y", "-c", "0"]), ("other", ["x:y"])]:
                self.assertIsNone(options.make_ready(kind, arguments), arguments)
            self.assertFalse(options._READY)
        self.assertEqual((out.getvalue(), err.getvalue()), ("", ""))

    def test_literals(self):
        self.assertEqual(options.literals({"a": "8", "b": "True", "c": "['x']", "d": "plain text", "e": "1.5"}),
                         {"a": 8, "b": True, "c": ["x"], "d": "plain text", "e": 1.5})


class App(unittest.TestCase):
    def test_find(self):
        self.assertIs(options.find_app("os:path.join"), os.path.join)
        self.assertIsInstance(options.find_app("io:StringIO()"), io.StringIO)
        self.assertIs(options.find_app("os", "path.join"), os.path.join)

    def test_not_found(self):
        for spec, text in [("os", "no attribute 'application'; an application is named module:attribute"),
                           ("os:", "named module:attribute"),
                           (":x", "named module:attribute"), ("os:nothing", "has no attribute 'nothing'")]:
            with self.assertRaises(SystemExit) as end:
                options.find_app(spec)
            self.assertIn(text, end.exception.code)

    def test_its_own_import_error_is_shown(self):
        self.assertRaises(ModuleNotFoundError, options.find_app, "no_such_module:app")

    def test_no_socket(self):
        with installed("waitress"), mock.patch.dict(os.environ, {"LISTEN_FDS": "0"}):
            for arguments, text in [(["x:y"], "set sockets ="), (["x:y", "--socket", "http"], "no socket 'http'")]:
                with self.assertRaises(SystemExit) as end:
                    options.find_sockets(options.wsgi(arguments))
                self.assertIn(text, end.exception.code)


class Quota(unittest.TestCase):
    def test_limit(self):
        with mock.patch.object(worker, "_requests", 0):
            quota = lifeline.Quota(3)
            self.assertEqual([quota.done() for _ in range(4)], [False, False, True, True])

    def test_no_limit(self):
        self.assertFalse(any(lifeline.Quota(0).done() for _ in range(100)))


class Linger(unittest.TestCase):
    def setUp(self):
        patched = mock.patch.object(lifeline.time, "monotonic", lambda: self.now)
        patched.start()
        self.addCleanup(patched.stop)
        self.now = 1000.0

    def test_time(self):
        line = lifeline.Lifeline(0, 0, 5)
        self.now += 100
        self.assertFalse(line.has_lingered())
        line.stop()
        for seconds, over in [(0, False), (4, False), (2, True), (100, True)]:
            self.now += seconds
            self.assertIs(line.has_lingered(), over)

    def test_the_end_must_be_in_time(self):
        self.assertEqual([lifeline.Lifeline(0, graceful, 10).linger for graceful in (0, 8, 30)], [10, 4, 10])


class Asgi(unittest.TestCase):
    """What is said of the end, and counted, around an application."""

    def answer(self, scope, stopping, headers=()):
        line = mock.Mock(stopping=stopping)
        sent = []

        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
            await send({"type": "http.response.body", "body": b"x"})

        async def send(message):
            sent.append(message)

        quota = mock.Mock()
        asyncio.run(asgi_app.adapted(app, line, quota)(scope, None, send))
        self.assertEqual(quota.done.call_count, int(scope["type"] == "http"))
        self.assertEqual(sent[1], {"type": "http.response.body", "body": b"x"})
        return sent[0]["headers"]

    def test_last_answer(self):
        one, two = {"type": "http", "http_version": "1.1"}, {"type": "http", "http_version": "2"}
        length = (b"content-length", b"1")
        self.assertEqual(self.answer(one, False, [length]), [length])
        self.assertEqual(self.answer(one, True, [length]), [length, asgi_app.CLOSE])
        self.assertEqual(self.answer(one, True, [(b"Connection", b"keep-alive")]), [asgi_app.CLOSE])
        self.assertEqual(self.answer(two, True, [length]), [length])
        self.assertEqual(self.answer({"type": "websocket"}, True, [length]), [length])

    def test_what_is_accepted_is_a_connection(self):
        """Also when the server is closed in the same turn of the loop."""
        made = []

        class Protocol(asyncio.Protocol):
            def connection_made(self, transport):
                made.append(transport)
                transport.close()

        async def accept():
            loop = asyncio.get_running_loop()
            server = await loop.create_server(Protocol, "127.0.0.1", 0)
            listener = server.sockets[0]
            with socket.create_connection(listener.getsockname()):
                while select.select([listener], [], [], 0)[0]:
                    await asyncio.sleep(0)
                await asgi_app.stop_accepting([listener.fileno()])
                server.close()
                while not made:
                    await asyncio.sleep(0)

        asyncio.run(asyncio.wait_for(accept(), DEADLINE))


def run(code):
    return subprocess.run([sys.executable, "-c", "from forkserver.serve.lifeline import Lifeline\n" + code],
                          timeout=DEADLINE, stderr=subprocess.PIPE, text=True)


class Limits(unittest.TestCase):
    """Each in a process that it ends."""

    def test_main_loop_hangs(self):
        ended = run("import threading\nLifeline(0.2, 0).beat()\n"
                    "def stuck():\n    threading.Event().wait()\nstuck()")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("in stuck", ended.stderr)

    def test_main_loop_turns(self):
        """For ten times the limit."""
        ended = run("import time\nline = Lifeline(0.4, 0)\nend = time.monotonic() + 4\n"
                    "while time.monotonic() < end:\n    line.beat()\n    time.sleep(line.idle_seconds)\nline.done()")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    def test_a_request_does_not_end(self):
        ended = run("import threading\nline = Lifeline(0, 0.2)\nline.stop()\nline.beat()\n"
                    "def request():\n    threading.Event().wait()\nrequest()")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("in request", ended.stderr)

    def test_the_end_is_in_time(self):
        """The limit of the main loop does not count any more when the end has begun."""
        ended = run("import time\nline = Lifeline(0.2, 30)\nline.beat()\nline.stop()\nline.beat()\n"
                    "time.sleep(1)\nline.done()")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    def test_too_late(self):
        """SIGTERM after the end is no death by a signal."""
        ended = run("import atexit, os, signal\nline = Lifeline(0, 0)\nline.done()\n"
                    "atexit.register(os.kill, os.getpid(), signal.SIGTERM)")
        self.assertEqual(ended.returncode, 0)

    def test_early(self):
        """Nor is one before the server has begun."""
        ended = subprocess.run([sys.executable, "-c",
                                "import os, signal\nfrom forkserver import serve\nserve._begin([])\n"
                                "os.kill(os.getpid(), signal.SIGTERM)\nsignal.pause()"], timeout=DEADLINE)
        self.assertEqual(ended.returncode, 0)

    def test_told_once(self):
        with mock.patch.object(lifeline.notify, "stopping") as stopping:
            line = lifeline.Lifeline(0, 0)
            line.stop()
            line.stop()
        stopping.assert_called_once_with()

    def test_supervisor_is_away(self):
        """That nobody hears it is no reason not to serve."""
        with mock.patch.dict(os.environ, {"NOTIFY_SOCKET": "/nonexistent/socket"}), \
                contextlib.redirect_stderr(io.StringIO()) as err:
            lifeline.Lifeline(0, 0).ready()
        self.assertIn("NOTIFY_SOCKET", err.getvalue())


class Main(unittest.TestCase):
    def test_usage(self):
        ended = subprocess.run([sys.executable, "-m", "forkserver.serve"], stderr=subprocess.PIPE, text=True)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("usage:", ended.stderr)


if __name__ == "__main__":
    unittest.main()
