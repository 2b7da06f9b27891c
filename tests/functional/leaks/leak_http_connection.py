import http.client
import socket

listener = socket.create_server(("127.0.0.1", 0))  # LEAK type=socket target=LISTEN
connection = http.client.HTTPConnection(*listener.getsockname())
connection.connect()  # LEAK type=socket target=ESTABLISHED
