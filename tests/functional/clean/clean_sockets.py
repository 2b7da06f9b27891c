import os
import socket

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
peer, address = listener.accept()
for sock in (listener, client, peer):
    sock.close()
a, b = socket.socketpair()
b.close()
os.close(a.detach())
