import array
import socket

a, b = socket.socketpair()
with open(__file__) as f:
    a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [f.fileno()]))])
data, ancillary, flags, address = b.recvmsg(1, socket.CMSG_SPACE(4))  # LEAK type=file syscall=recvmsg
a.close()
b.close()
