"""The application of bench_reload.py: large modules, and a WSGI callable that says which deploy it is of.

The file BENCH_DEPLOY stands for the code on the disk: "VERSION FAULT".  An import reads it, and a FAULT is
what is wrong with that version:

import-error   the import fails
leaked-fd      the import leaves a socket open, which all workers would share
exits          a worker ends before it serves
never-ready    a worker never gets as far as serving
crashes        a worker ends a moment after it has begun to serve
"""
import importlib
import os
import socket
import threading

with open(os.environ["BENCH_DEPLOY"]) as file:
    VERSION, FAULT = file.read().split()

for name in os.environ["BENCH_MODULES"].split():
    importlib.import_module(name)

if FAULT == "import-error":
    raise ImportError("a broken deploy")
if FAULT == "leaked-fd":
    LEAK = socket.socketpair()


def application(environ, start_response):
    body = b"version=%s pid=%d echo=%s\n" % (VERSION.encode(), os.getpid(), environ["PATH_INFO"][1:].encode())
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def make():
    """In the worker, before it serves."""
    if FAULT == "exits":
        os._exit(4)
    if FAULT == "never-ready":
        threading.Event().wait()
    if FAULT == "crashes":
        timer = threading.Timer(0.1, os._exit, [4])
        timer.daemon = True
        timer.start()
    return application
