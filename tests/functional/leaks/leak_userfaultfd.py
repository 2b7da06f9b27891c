# NEEDS probe
import rawcall

fd = rawcall.syscall("userfaultfd", 1)  # LEAK type=userfaultfd syscall=userfaultfd
