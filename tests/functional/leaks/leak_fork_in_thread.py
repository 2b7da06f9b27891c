import os
import signal
import threading


def work():
    if os.fork() == 0:  # LEAK kind=process func=work thread=forker
        while True:
            signal.pause()


thread = threading.Thread(target=work, name="forker")
thread.start()
thread.join()
