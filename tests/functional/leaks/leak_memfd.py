import os

fd = os.memfd_create("cache")  # LEAK type=memfd|file syscall=memfd_create target=cache
