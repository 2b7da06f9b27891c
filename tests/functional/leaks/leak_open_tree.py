# NEEDS probe
import rawcall

fd = rawcall.syscall("open_tree", -100, b".", 0)  # LEAK type=directory|mount syscall=open_tree
