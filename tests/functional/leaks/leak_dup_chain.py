"""A copy of a copy: lineage leads back to the open()."""
import os

first = os.open(__file__, os.O_RDONLY)  # ORIGIN
second = os.dup(first)
third = os.dup(second)  # LEAK type=file lineage=yes
os.close(first)
os.close(second)
