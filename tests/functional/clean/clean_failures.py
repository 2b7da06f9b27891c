"""Calls that fail make nothing."""
import fcntl
import os
import socket

for attempt in (lambda: open("/no/such/file"), lambda: os.dup(12345), lambda: os.dup2(12345, 60),
                lambda: fcntl.fcntl(12345, fcntl.F_DUPFD, 0),
                lambda: os.open(__file__, os.O_RDONLY | os.O_DIRECTORY),
                lambda: socket.create_connection(("127.0.0.1", 1))):
    try:
        attempt()
    except OSError:
        pass
    else:
        raise AssertionError
