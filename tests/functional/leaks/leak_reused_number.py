"""Opened, closed and opened again under one number: the last one is to blame."""
import os

first = os.open(__file__, os.O_RDONLY)
os.close(first)
second = os.open("/dev/null", os.O_RDONLY)
os.close(second)
third = os.open(__file__, os.O_RDONLY)  # LEAK type=file
assert first == second == third
