# NEEDS probe
import fcntl
import os

namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
owner = fcntl.ioctl(namespace, 0xb701)  # LEAK attributed=any
os.close(namespace)
