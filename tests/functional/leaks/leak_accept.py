# NEEDS probe
import socket

import rawcall

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
fd = rawcall.syscall("accept", listener.fileno(), None, None)  # LEAK type=socket syscall=accept
client.close()
listener.close()
