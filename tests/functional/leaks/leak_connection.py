"""A connection, as a database driver makes one: the hint must speak of it, the target name both ends."""
import socket

listener = socket.create_server(("127.0.0.1", 0))  # LEAK type=socket target=LISTEN
client = socket.create_connection(listener.getsockname())  # LEAK type=socket target=ESTABLISHED
