"""One worker: serves the listening socket that the supervisor has bound and passed as fd 3."""
import socket

import waitress

from shop.wsgi import application


def main():
    waitress.serve(application, sockets=[socket.socket(fileno=3)], threads=2)
