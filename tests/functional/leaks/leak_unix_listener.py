import socket

s = socket.socket(socket.AF_UNIX)  # LEAK type=socket
s.bind("listener.sock")
s.listen()
