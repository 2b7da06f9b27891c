"""Megabytes on both streams, in the middle of the import."""
import os
import sys

for _ in range(200):
    print("x" * 9999)
    print("y" * 9999, file=sys.stderr)
os.write(1, b"z" * 1000000 + b"\n")
