"""gevent, monkey-patched before anything else.  Greenlets talk over sockets.

Eager: requests is imported after patching; urllib3 makes a socket to see whether there is IPv6, and so
gevent's hub, which every worker would share."""
from gevent import monkey

monkey.patch_all()

import os
import signal
import socket
import subprocess
import threading
import time

import gevent
import gevent.event
import gevent.pool
import gevent.server

import app_result

if app_result.EAGER:
    import requests  # noqa: F401


def forget_hub():
    """A warm-up that ends what the import began."""
    gevent.get_hub().destroy(destroy_loop=True)


def echo(connection, _):
    while data := connection.recv(1024):
        connection.sendall(data.upper())


def ask(port, text):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(text.encode())
        gevent.sleep(0.01)
        return connection.recv(1024).decode()


def work():
    server = gevent.server.StreamServer(("127.0.0.1", 0), echo)
    server.start()
    jobs = [gevent.spawn(ask, server.server_port, "greenlet %d" % number) for number in range(20)]
    gevent.joinall(jobs, timeout=60, raise_error=True)
    server.stop()
    started = time.monotonic()
    gevent.pool.Pool(50).map(time.sleep, [0.1] * 50)  # patched: all at once
    slept = time.monotonic() - started
    names = []
    thread = threading.Thread(target=lambda: names.append(threading.current_thread().name), name="green")
    thread.start()
    thread.join(60)
    child = subprocess.run(["sh", "-c", "echo child; exit 3"], stdout=subprocess.PIPE, text=True)
    rung = gevent.event.Event()
    watcher = gevent.signal_handler(signal.SIGUSR1, rung.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    signalled = rung.wait(60)
    watcher.cancel()
    native = gevent.get_hub().threadpool.apply(sum, (range(1000),))
    return {"answers": [job.value for job in jobs], "together": slept < 2.5, "threads": names,
            "patched": monkey.is_module_patched("socket"), "native": native,
            "child": [child.stdout, child.returncode], "signalled": signalled}


def run():
    app_result.run(work)
