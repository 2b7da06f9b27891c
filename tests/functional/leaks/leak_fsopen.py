# NEEDS probe
import rawcall

fd = rawcall.syscall("fsopen", b"tmpfs", 1)  # LEAK type=fscontext syscall=fsopen
