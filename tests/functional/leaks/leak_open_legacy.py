# NEEDS probe
import rawcall

fd = rawcall.syscall("open", __file__.encode(), 0, 0)  # LEAK type=file syscall=open
