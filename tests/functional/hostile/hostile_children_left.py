import os
import signal

for _ in range(50):
    if os.fork() == 0:  # LEAK kind=process n=50
        while True:
            signal.pause()
