import mmap

with open("shared", "w+b") as file:
    file.truncate(4096)
    # mmap keeps a copy of the fd.
    view = mmap.mmap(file.fileno(), 4096)  # LEAK kind=mapping target=shared; type=file lineage=yes
