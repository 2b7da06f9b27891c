# NEEDS probe
import rawcall

fd = rawcall.syscall("epoll_create", 8)  # LEAK type=eventpoll syscall=epoll_create
