"""The length of the queue of connections that wait to be accepted."""

import socket
import struct

TCP_INFO_MAX_ACK_BACKLOG = 28  # of a listening socket, in place of tcpi_sacked: net/ipv4/tcp.c, tcp_get_info()
AS_THE_SYSTEM_ALLOWS = 65535  # listen(2) cuts it to net.core.somaxconn, which is the supervisor's default


def backlog(listener: socket.socket) -> int:
    """What the supervisor has set.

    Event loops in C call listen(2) with a number of their own, and so set it for all who share the
    socket.  They are given this one, and nothing changes.
    """
    if listener.family in (socket.AF_INET, socket.AF_INET6):
        info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_MAX_ACK_BACKLOG + 4)
        if len(info) == TCP_INFO_MAX_ACK_BACKLOG + 4:
            return int(struct.unpack_from("=I", info, TCP_INFO_MAX_ACK_BACKLOG)[0])
    return AS_THE_SYSTEM_ALLOWS
