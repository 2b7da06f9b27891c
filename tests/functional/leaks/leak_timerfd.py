import rawcall

fd = rawcall.check("timerfd", rawcall.libc.timerfd_create(1, 0))  # LEAK type=timerfd syscall=timerfd_create
