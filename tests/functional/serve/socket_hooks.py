"""Hooks of gunicorn's, in a module that opens a socket: fine in a worker, and a leak in a zygote."""
import socket

METRICS = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def post_worker_init(worker):
    print("hooked", flush=True)
