# NEEDS probe
import socket
import ssl

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)  # LEAK type=socket target=LISTEN
