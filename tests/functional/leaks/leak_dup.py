import os

first = os.open(__file__, os.O_RDONLY)  # ORIGIN
# os.dup() is fcntl(F_DUPFD_CLOEXEC)
second = os.dup(first)  # LEAK type=file syscall=fcntl lineage=yes
os.close(first)
