import socket

a, b = socket.socketpair()  # LEAK type=socket n=2 syscall=socketpair
