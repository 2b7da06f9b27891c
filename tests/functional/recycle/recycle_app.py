"""A server of a few lines, for tests of recycling.  Every answer is its pid and how many it has served before.

/grow keeps 64 MB.  /hold makes a file `held`, and answers when there is a file `go`.  While there is a file `broken` in RECYCLE_DIR, one that is started exits at once.
"""
import os
import pathlib
import select
import signal
import sys
import time

from forkserver import notify, request_done, requests, worker

PIECE = 64 << 20
kept = []


def read_path(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        data = connection.recv(65536)
        if not data:
            return ""
        text += data
    return text.split()[1].decode()


def hold(directory):
    (directory / "held").touch()
    while not (directory / "go").exists():
        time.sleep(0.01)


def answer(connection):
    path = read_path(connection)
    if not path:
        return
    if path == "/grow":
        kept.append(b"x" * PIECE)
    if path == "/hold":
        hold(pathlib.Path(os.environ["RECYCLE_DIR"]))
    body = b"%d %d\n" % (os.getpid(), requests())
    request_done()
    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def serve(listener):
    told, (read, write) = [], os.pipe()
    os.set_blocking(write, False)
    signal.signal(signal.SIGTERM, lambda *_: told.append(True))
    signal.set_wakeup_fd(write)
    listener.setblocking(False)
    notify.ready()
    while not told:
        select.select([listener, read], [], [])
        try:
            connection, _ = listener.accept()
        except BlockingIOError:  # another one was faster, or it was the signal
            continue
        with connection:
            connection.setblocking(True)
            answer(connection)


def main():
    if os.path.exists(os.path.join(os.environ["RECYCLE_DIR"], "broken")):
        sys.exit(7)
    serve(worker.sockets("http")[0])


if __name__ == "__main__":
    main()
