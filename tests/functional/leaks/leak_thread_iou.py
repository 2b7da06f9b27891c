"""Called like one of the kernel's io_uring threads, which are no business of the audit."""
import ctypes
import threading

PR_SET_NAME = 15
named = threading.Event()


def run():
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"iou-wrk-1", 0, 0, 0)
    named.set()
    threading.Event().wait()


thread = threading.Thread(target=run, name="poller", daemon=True)
thread.start()  # LEAK kind=thread name=poller
named.wait()
