import mmap

shared = mmap.mmap(-1, 4096)  # LEAK kind=mapping
