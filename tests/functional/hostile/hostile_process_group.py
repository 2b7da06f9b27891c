import os

try:
    os.setsid()
except OSError:
    os.setpgid(0, 0)
