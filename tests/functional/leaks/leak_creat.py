# NEEDS probe
import rawcall

fd = rawcall.syscall("creat", b"made", 0o600)  # LEAK type=file syscall=creat target=made
