import ctypes
import os

libc = ctypes.CDLL(None)
# posix_spawn is clone(CLONE_VM | CLONE_VFORK) in glibc
for _ in range(20):
    pid = os.posix_spawn("/bin/true", ["true"], os.environ)
    os.waitpid(pid, 0)
