import os

first = os.open(__file__, os.O_RDONLY)  # LEAK type=file syscall=openat
second = os.dup(first)  # LEAK type=file lineage=yes
