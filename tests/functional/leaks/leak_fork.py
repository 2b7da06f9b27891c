import os
import signal

pid = os.fork()  # LEAK kind=process
if pid == 0:
    while True:
        signal.pause()
