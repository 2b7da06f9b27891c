import os
import socket

a, b = socket.socketpair()
r, w = os.pipe()
with open(__file__) as f:
    socket.send_fds(a, [b"x"], [f.fileno(), r, w])
os.close(r)
os.close(w)
data, fds, flags, address = socket.recv_fds(b, 1, 3)  # LEAK type=file; type=pipe n=2
a.close()
b.close()
