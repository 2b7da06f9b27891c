/* survey_socket.c - survey_socket(): a socket of another process in words.
 * Runs in: tracer.
 *
 * pidfd_getfd(2) (Linux 5.6) gives us a copy of the fd, so that the socket itself can be asked;
 * /proc/net would need a parser for each family and knows no unnamed sockets. */
#include "tracer/survey.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

static void add_unix(struct buf *out, const struct sockaddr_un *un, socklen_t len)
{
	size_t n = len - offsetof(struct sockaddr_un, sun_path);

	if (len <= offsetof(struct sockaddr_un, sun_path)) {
		buf_addstr(out, "(unnamed)");
	} else if (un->sun_path[0] == '\0') { /* abstract: every byte counts, shown with an @ */
		buf_addch(out, '@');
		for (size_t i = 1; i < n; i++)
			buf_addch(out, un->sun_path[i] ? un->sun_path[i] : '@');
	} else {
		buf_add(out, un->sun_path, strnlen(un->sun_path, n));
	}
}

static void add_address(struct buf *out, const union address *address, socklen_t len)
{
	char text[INET6_ADDRSTRLEN];

	switch (address->sa.sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &address->in.sin_addr, text, sizeof(text));
		buf_printf(out, "%s:%u", text, ntohs(address->in.sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &address->in6.sin6_addr, text, sizeof(text));
		buf_printf(out, "[%s]:%u", text, ntohs(address->in6.sin6_port));
		break;
	case AF_UNIX:
		add_unix(out, &address->un, len);
		break;
	default:
		buf_printf(out, "(family %u)", address->sa.sa_family);
		break;
	}
}

static const char *protocol_name(int domain, int type)
{
	if (domain == AF_UNIX)
		return type == SOCK_STREAM  ? "UNIX stream"
		       : type == SOCK_DGRAM ? "UNIX datagram"
					    : "UNIX seqpacket";
	if (domain == AF_NETLINK)
		return "NETLINK";
	if (domain == AF_INET || domain == AF_INET6)
		return type == SOCK_STREAM ? "TCP" : type == SOCK_DGRAM ? "UDP" : "IP raw";
	return "socket";
}

static const char *tcp_state(int fd)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED] = "ESTABLISHED", [TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECV",       [TCP_FIN_WAIT1] = "FIN_WAIT1",
		[TCP_FIN_WAIT2] = "FIN_WAIT2",     [TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "not connected",     [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK",       [TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
	};
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return NULL;
	return info.tcpi_state < ARRAY_LEN(names) ? names[info.tcpi_state] : NULL;
}

char *survey_socket(pid_t pid, int number)
{
	CLEANUP_FD int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	CLEANUP_FD int fd = -1;
	struct buf out = { 0 };
	union address address;
	socklen_t len = sizeof(address);
	const char *state = NULL;
	int domain, type;

	if (pidfd < 0)
		return NULL;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	if (fd < 0)
		return NULL;
	domain = option(fd, SO_DOMAIN);
	type = option(fd, SO_TYPE);
	buf_printf(&out, "%s ", protocol_name(domain, type));
	memset(&address, 0, sizeof(address));
	if (getsockname(fd, &address.sa, &len) == 0)
		add_address(&out, &address, len);
	len = sizeof(address);
	if (getpeername(fd, &address.sa, &len) == 0) {
		buf_addstr(&out, " -> ");
		add_address(&out, &address, len);
	}
	if ((domain == AF_INET || domain == AF_INET6) && type == SOCK_STREAM)
		state = tcp_state(fd);
	else if (option(fd, SO_ACCEPTCONN) == 1)
		state = "LISTEN";
	if (state)
		buf_printf(&out, " %s", state);
	return buf_steal(&out);
}
