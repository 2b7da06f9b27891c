import fcntl
import os

first = os.open(__file__, os.O_RDONLY)  # ORIGIN
second = fcntl.fcntl(first, fcntl.F_DUPFD_CLOEXEC, 301)  # LEAK type=file fd=301 lineage=yes
os.close(first)
