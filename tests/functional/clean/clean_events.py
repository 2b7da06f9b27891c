import ctypes
import os
import select

libc = ctypes.CDLL(None)
fds = [libc.eventfd(0, 0), libc.timerfd_create(1, 0), libc.inotify_init()]
with select.epoll() as poll:
    for fd in fds:
        poll.register(fd)
for fd in fds:
    os.close(fd)
