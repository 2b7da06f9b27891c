"""So many system calls that the tracer never has to wait for one."""
import threading


def spin_open():
    while True:
        with open("/dev/null", encoding="utf-8"):
            pass


for _ in range(4):
    threading.Thread(target=spin_open, daemon=True).start()
spin_open()
