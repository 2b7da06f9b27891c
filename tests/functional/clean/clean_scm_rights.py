import os
import socket

a, b = socket.socketpair()
with open(__file__) as file:
    socket.send_fds(a, [b"x"], [file.fileno()])
data, fds, flags, address = socket.recv_fds(b, 1, 4)
for fd in fds:
    os.close(fd)
a.close()
b.close()
