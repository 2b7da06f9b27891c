"""The segment, its mapping (with a copy of the fd), and the resource tracker it starts."""
# NEEDS probe
from multiprocessing import resource_tracker, shared_memory

resource_tracker.ensure_running()  # LEAK kind=process; type=pipe
segment = shared_memory.SharedMemory(create=True, size=4096)  # LEAK type=file n=2; kind=mapping
segment.unlink()
