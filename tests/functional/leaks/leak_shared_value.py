"""An arena in a deleted file, its mapping with a copy of the fd, and the semaphore's mapping."""
import multiprocessing

value = multiprocessing.get_context("fork").Value("i", 0)  # LEAK type=file n=2; kind=mapping n=2
