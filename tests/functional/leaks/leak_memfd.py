import os

fd = os.memfd_create("cache")  # LEAK type=memfd syscall=memfd_create target=cache
