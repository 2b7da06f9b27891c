import rawcall

fd = rawcall.check("eventfd", rawcall.libc.eventfd(0, 0))  # LEAK type=eventfd syscall=eventfd2
