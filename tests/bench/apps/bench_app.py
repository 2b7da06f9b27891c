"""The application of bench_fork.py: large modules, a WSGI callable, and the smallest server for it.

As a program (`python3 bench_app.py`) it serves the socket that it was started with: fd 3 by LISTEN_FDS
(sd_listen_fds(3)), else fd 0, as supervisord's [fcgi-program:x] passes it.
"""
import importlib
import os
import socket
import time

for name in os.environ["BENCH_MODULES"].split():
    importlib.import_module(name)


def first_line():
    os.write(1, b"%d\n" % time.monotonic_ns())


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"pid=%d\n" % os.getpid()]


def serve():
    listener = socket.socket(fileno=3 if "LISTEN_FDS" in os.environ else 0)
    while True:
        connection, _ = listener.accept()
        with connection:
            answer(connection)


def answer(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return
        data += more
    method, path, _ = data.split(b"\r\n", 1)[0].decode().split(" ")
    lines = []

    def start_response(status, headers):
        lines.append("HTTP/1.0 " + status)
        lines.extend(": ".join(pair) for pair in headers)
    body = b"".join(application({"REQUEST_METHOD": method, "PATH_INFO": path}, start_response))
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


if __name__ == "__main__":
    serve()
