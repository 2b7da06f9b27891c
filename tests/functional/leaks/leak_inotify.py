import rawcall

fd = rawcall.check("inotify", rawcall.libc.inotify_init1(0))  # LEAK type=inotify syscall=inotify_init1
