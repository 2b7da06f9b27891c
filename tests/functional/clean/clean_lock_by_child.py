"""Another process holds a lock for a while; it is none of ours and gone at the end."""
import subprocess
import sys

code = "import fcntl; f = open('other.lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX)"
subprocess.run(["/usr/bin/env", "python3", "-S", "-c", code], check=False)
