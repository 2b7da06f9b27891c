import selectors
import socket

selector = selectors.DefaultSelector()  # LEAK type=eventpoll
sock = socket.socket()  # LEAK type=socket
selector.register(sock, selectors.EVENT_READ)
