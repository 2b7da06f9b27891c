# NEEDS probe
import rawcall

fd = rawcall.syscall("fspick", -100, b"/", 0)  # LEAK type=mount|fscontext syscall=fspick
