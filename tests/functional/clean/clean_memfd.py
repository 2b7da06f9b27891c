import os

fd = os.memfd_create("scratch")
os.write(fd, b"x" * 100000)
os.close(fd)
