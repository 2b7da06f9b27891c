import socket

addresses = socket.getaddrinfo("localhost", 80)
