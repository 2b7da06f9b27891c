"""Ends while a daemon thread holds the lock of a file, as it writes into a pipe that nobody reads."""
import os
import sys
import threading

reader, writer = os.pipe()
file = os.fdopen(writer, "wb", buffering=100)
other = open(sys.argv[1], "w")
other.write("written all the same")
threading.Thread(target=file.write, args=(b"x" * 1000000,), daemon=True).start()
os.read(reader, 1)  # it is at it
sys.exit(7)
