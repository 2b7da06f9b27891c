import sys
import threading


def trace(frame, event, argument):
    return trace


sys.settrace(trace)
threading.settrace(trace)
