"""One application as WSGI (Flask) and as ASGI.  /slow/NAME says that it has begun by a file NAME.begun, and
answers when there is a file NAME.go."""
import asyncio
import json
import os
import pathlib
import socket
import time

from forkserver import worker
from forkserver.serve.backlog import backlog

IMPORT_PID = os.getpid()
ROOT = pathlib.Path(os.environ.get("SERVE_DIR", "/nonexistent"))


def told(**more):
    return json.dumps({"pid": os.getpid(), "import": IMPORT_PID, "process": worker.process(),
                       "number": worker.number(), **more}) + "\n"


def begin(name):
    path = ROOT / (name + ".tmp")
    path.write_text(str(os.getpid()))
    path.rename(ROOT / (name + ".begun"))
    return ROOT / (name + ".go")


def listening():
    return {"backlog": [backlog(each) for each in worker.sockets()], "requests": worker.requests(),
            "nodelay": [each.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for each in worker.sockets()]}


def make_wsgi():
    from flask import Flask

    app = Flask("serve_app")

    @app.route("/")
    def index():
        return told()

    @app.route("/facts")
    def facts():
        return told(**listening())

    @app.route("/asked")
    def asked():
        return told(requests=worker.requests(), asked=ASKED)

    @app.route("/made")
    def made():
        from forkserver.serve import with_gunicorn

        return told(made=len(with_gunicorn.MADE), logs=[bool(each.log) for each in with_gunicorn.MADE])

    @app.route("/slow/<name>")
    def slow(name):
        go = begin(name)
        while not go.exists():
            time.sleep(0.01)
        return told(slow=name)

    return app


ASKED = []


def make_watched():
    """The same, in a worker that takes notes: of a rehearsal a file, of requests a list in /asked."""
    from forkserver.serve import rehearsal

    app, rehearsed = make_wsgi(), rehearsal.application

    def watched(*arguments):
        (ROOT / ("rehearsed.%d" % os.getpid())).touch()
        return rehearsed(*arguments)

    def call(environ, start_response):
        ASKED.append(environ["PATH_INFO"])
        return app(environ, start_response)

    rehearsal.application = watched
    return call


def pre_request(_worker, request):
    """A hook of gunicorn's."""
    ASKED.append("hook of " + request.path)


def post_request(_worker, request, _environ, _response):
    """Another."""
    ASKED.append("after " + request.path)


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    # Versions of hypercorn close a connection whose request is answered before it has been read.
    while (await receive()).get("more_body"):
        pass
    more = {}
    if scope["path"] == "/facts":
        more = listening()
    if scope["path"].startswith("/slow/"):
        more = {"slow": scope["path"][len("/slow/"):]}
        go = begin(more["slow"])
        while not go.exists():
            await asyncio.sleep(0.01)
    body = told(**more).encode()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


def probe():
    """A worker that tells what the package says of it, and waits for its end."""
    import signal
    import sys

    import forkserver
    from forkserver import notify

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    forkserver.request_done()
    told = {"pid": os.getpid(), "program": worker.program(), "process": worker.process(), "group": worker.group(),
            "number": worker.number(), "generation": worker.generation(), "requests": forkserver.requests(),
            "sockets": {each.name: list(each.getsockname()) for each in worker.sockets()},
            "watchdog": notify.watchdog_interval(), "argv": sys.argv[1:], "path": sys.path,
            "package": forkserver.__file__}
    notify.notify("READY=1\nSTATUS=" + json.dumps(told))
    while True:
        signal.pause()
