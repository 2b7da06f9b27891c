"""Standard fds closed and opened again, as daemon code does."""
import os

for fd in (0, 1, 2):
    os.close(fd)
for fd in (0, 1, 2):
    assert os.open(os.devnull, os.O_RDWR) == fd
