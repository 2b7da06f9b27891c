# NEEDS probe
import rawcall

fd = rawcall.syscall("inotify_init")  # LEAK type=inotify syscall=inotify_init
