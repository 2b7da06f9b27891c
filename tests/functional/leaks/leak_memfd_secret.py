# NEEDS probe
import rawcall

fd = rawcall.syscall("memfd_secret", 0)  # LEAK syscall=memfd_secret
