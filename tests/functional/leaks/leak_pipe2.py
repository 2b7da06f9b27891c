import os

r, w = os.pipe()  # LEAK type=pipe n=2 syscall=pipe2
