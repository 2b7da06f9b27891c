import os

first = os.open(__file__, os.O_RDONLY)  # ORIGIN
os.dup2(first, 200)  # LEAK type=file fd=200 lineage=yes
os.close(first)
