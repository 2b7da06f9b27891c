# NEEDS probe
import rawcall

fd = rawcall.syscall("memfd_secret", 0)  # LEAK type=secretmem|memfd syscall=memfd_secret
