import logging.handlers
import queue

listener = logging.handlers.QueueListener(queue.Queue(), logging.NullHandler())
listener.start()  # LEAK kind=thread
