"""The child is given fds, opens more, and ends with all of them open."""
import os
import subprocess

r, w = os.pipe()
os.dup2(w, 9, inheritable=True)
subprocess.run(["sh", "-c", "exec 8</etc/passwd; echo x >&9"], pass_fds=[9], check=True)
os.close(w)
os.close(9)
assert os.read(r, 10) == b"x\n"
os.close(r)
