"""An ioctl that makes an fd."""
# NEEDS probe
import fcntl
import os
import struct

master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)
fcntl.ioctl(master, 0x40045431, struct.pack("i", 0))  # TIOCSPTLCK
peer = fcntl.ioctl(master, 0x5441, os.O_RDWR | os.O_NOCTTY)  # LEAK attributed=any
os.close(master)
