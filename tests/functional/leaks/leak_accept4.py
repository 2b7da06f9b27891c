import socket

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
peer, address = listener.accept()  # LEAK type=socket syscall=accept4 target=TCP
client.close()
listener.close()
