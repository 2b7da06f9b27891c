import mmap

with open("data", "w+b") as file:
    file.truncate(8192)
    with mmap.mmap(file.fileno(), 8192) as view:
        view[0:2] = b"hi"
with mmap.mmap(-1, 4096) as shared:
    shared[0] = 1
