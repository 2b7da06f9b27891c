"""The child opens it, the parent keeps it: the parent's recvmsg is to blame."""
import os
import socket

a, b = socket.socketpair()
pid = os.fork()
if pid == 0:
    socket.send_fds(a, [b"x"], [os.open(__file__, os.O_RDONLY)])
    os._exit(0)
data, fds, flags, address = socket.recv_fds(b, 1, 1)  # LEAK type=file syscall=recvmsg
os.waitpid(pid, 0)
a.close()
b.close()
