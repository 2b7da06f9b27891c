import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # LEAK type=socket target=UDP
s.bind(("127.0.0.1", 0))
