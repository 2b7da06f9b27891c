# NEEDS probe
import rawcall

fd = rawcall.syscall("fsopen", b"tmpfs", 1)  # LEAK type=mount|fscontext syscall=fsopen
