# NEEDS probe
import rawcall

fd = rawcall.syscall("fanotify_init", 0, 0)  # LEAK type=fanotify syscall=fanotify_init
