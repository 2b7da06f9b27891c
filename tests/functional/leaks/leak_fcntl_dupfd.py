import fcntl
import os

first = os.open(__file__, os.O_RDONLY)  # ORIGIN
second = fcntl.fcntl(first, fcntl.F_DUPFD, 300)  # LEAK type=file fd=300 syscall=fcntl lineage=yes
os.close(first)
