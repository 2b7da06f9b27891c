"""The first end is closed properly; only the other is left."""
import os

r, w = os.pipe()  # LEAK type=pipe
os.close(r)
