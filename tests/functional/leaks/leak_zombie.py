"""A child that has ended and was never waited for."""
import os

r, w = os.pipe()
pid = os.posix_spawn("/bin/true", ["true"], {})  # LEAK kind=process
os.close(w)
os.close(r)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
