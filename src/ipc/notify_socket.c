/* notify_socket.c - see notify_socket.h. */
#include "ipc/notify_socket.h"

#include "base/fd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

static int bind_abstract(int fd, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	memcpy(address.sun_path, name, len);
	address.sun_path[0] = '\0'; /* where the text has its '@' */
	return bind(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0
		       ? -errno
		       : 0;
}

int notify_socket_open(char name[NOTIFY_SOCKET_NAME_MAX])
{
	CLEANUP_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	uint64_t random;
	int on = 1, r;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(name, NOTIFY_SOCKET_NAME_MAX, "@forkserver-notify-%016" PRIx64, random);
	r = bind_abstract(fd, name);
	if (r < 0)
		return r;
	r = fd;
	fd = -1;
	return r;
}

static int read_sender(struct msghdr *msg, struct notify_sender *sender)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct ucred credentials;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
		    c->cmsg_len != CMSG_LEN(sizeof(credentials)))
			continue;
		memcpy(&credentials, CMSG_DATA(c), sizeof(credentials));
		*sender = (struct notify_sender){ credentials.pid, credentials.uid };
		return 0;
	}
	return -ENODATA;
}

/* There is room for the credentials and for nothing else: the kernel puts them first and lets go of
 * fds that do not fit (net/core/scm.c, scm_detach_fds()), so none of a stranger's is ever open
 * here. */
ssize_t notify_socket_receive(int fd, char data[NOTIFY_DATAGRAM_MAX], struct notify_sender *sender)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} room;
	struct iovec part = { data, NOTIFY_DATAGRAM_MAX };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = &room,
			      .msg_controllen = sizeof(room.bytes) };
	ssize_t n;
	int r;

	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	r = read_sender(&msg, sender);
	return r < 0 ? r : n;
}
