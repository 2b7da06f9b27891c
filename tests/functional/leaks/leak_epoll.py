import select

poll = select.epoll()  # LEAK type=eventpoll syscall=epoll_create1
