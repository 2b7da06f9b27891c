"""dup2 over an open fd: the number was opened elsewhere, what it is now came by dup2."""
import os

a = os.open(__file__, os.O_RDONLY)  # ORIGIN
b, unused = os.pipe()
os.dup2(a, b)  # LEAK type=file lineage=yes
os.close(a)
os.close(unused)
