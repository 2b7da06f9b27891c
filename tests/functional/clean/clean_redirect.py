"""stdout to /dev/null and back, as a noisy import is silenced."""
import os

saved = os.dup(1)
null = os.open(os.devnull, os.O_WRONLY)
os.dup2(null, 1)
os.close(null)
os.write(1, b"not to be seen\n")
os.dup2(saved, 1)
os.close(saved)
