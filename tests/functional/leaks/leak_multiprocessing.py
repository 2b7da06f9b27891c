import multiprocessing
import signal

context = multiprocessing.get_context("fork")
process = context.Process(target=signal.pause, daemon=True)
process.start()  # LEAK kind=process; type=pipe n=2
