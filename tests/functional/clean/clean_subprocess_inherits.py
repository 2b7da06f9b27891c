"""The child is given fds, opens more, and ends with all of them open."""
import os
import subprocess

r, w = os.pipe()
subprocess.run(["sh", "-c", "exec 8</etc/passwd; echo x >&%d" % w], pass_fds=[w], check=True)
os.close(w)
assert os.read(r, 10) == b"x\n"
os.close(r)
