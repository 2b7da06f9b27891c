"""The same number used many times by different calls, closed at last."""
import os
import select
import socket

for _ in range(50):
    os.close(os.open(__file__, os.O_RDONLY))
    socket.socket().close()
    select.epoll().close()
    r, w = os.pipe()
    os.close(r)
    os.close(w)
