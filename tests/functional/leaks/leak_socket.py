import socket

s = socket.socket()  # LEAK type=socket syscall=socket
