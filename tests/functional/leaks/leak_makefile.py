import socket

a, b = socket.socketpair()
# makefile() keeps the socket open after close().
stream = a.makefile("rb")
kept = a.dup()  # LEAK type=socket lineage=yes
stream.close()
a.close()
b.close()
