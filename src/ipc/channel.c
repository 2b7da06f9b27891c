/* channel.c - see channel.h. */
#include "ipc/channel.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHANNEL_MAGIC 0x464b5331u /* "FKS1" */
#define INLINE_MAX 65536          /* below the default SO_SNDBUF, so that a datagram always fits */

struct header {
	uint32_t magic;
	uint32_t type;
	uint32_t id;
	uint32_t in_memfd; /* 1: the body is in the last fd */
	uint64_t len;
};

/* The control data of one message, aligned as CMSG_* want it. */
union control {
	struct cmsghdr align;
	char space[CMSG_SPACE((CHANNEL_FDS_MAX + 1) * sizeof(int))];
};

int channel_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

static int send_datagram(int fd, struct header *header, const void *body, size_t len,
			 const int *fds, size_t nfds)
{
	struct iovec iov[2] = { { header, sizeof(*header) }, { (void *)body, len } };
	union control control;
	struct msghdr out = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };

	if (nfds) {
		struct cmsghdr *cmsg;

		memset(&control, 0, sizeof(control));
		out.msg_control = &control;
		out.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&out);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nfds * sizeof(int));
	}
	while (sendmsg(fd, &out, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int channel_send(int fd, uint32_t type, uint32_t id, const void *body, size_t len, const int *fds,
		 size_t nfds)
{
	struct header header = { CHANNEL_MAGIC, type, id, 0, len };
	int all[CHANNEL_FDS_MAX + 1];
	CLEANUP_FD int memfd = -1;

	if (nfds > CHANNEL_FDS_MAX || len > CHANNEL_BODY_MAX)
		return -E2BIG;
	if (len <= INLINE_MAX)
		return send_datagram(fd, &header, body, len, fds, nfds);
	memfd = fd_memfd("message", body, len);
	if (memfd < 0)
		return memfd;
	header.in_memfd = 1;
	if (nfds)
		memcpy(all, fds, nfds * sizeof(int));
	all[nfds] = memfd;
	return send_datagram(fd, &header, NULL, 0, all, nfds + 1);
}

/* Moves the fds of all SCM_RIGHTS into *msg; too many can only be one, the memfd. */
static int collect_fds(struct msghdr *in, struct message *msg, int *extra)
{
	int r = 0;

	*extra = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(in); c; c = CMSG_NXTHDR(in, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (msg->nfds < CHANNEL_FDS_MAX)
				msg->fds[msg->nfds++] = fd;
			else if (*extra < 0)
				*extra = fd;
			else {
				close(fd);
				r = -EPROTO;
			}
		}
	}
	return r;
}

#define BODY_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) /* as fd_memfd() sets */

/* Reads the body that travelled in a memfd.  It is read, not mapped: a peer could shrink a mapped
 * file under us. */
static int read_memfd(int fd, struct message *msg, size_t len)
{
	struct stat st;
	size_t got = 0;
	int seals;

	/* Only a memfd has seals: reading anything else (FUSE, a pipe) could block for ever. */
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & BODY_SEALS) != BODY_SEALS)
		return -EPROTO;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size != len)
		return -EPROTO;
	msg->body = malloc(len + 1);
	if (!msg->body)
		return -ENOMEM;
	while (got < len) {
		ssize_t n = pread(fd, msg->body + got, len - got, (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		got += (size_t)n;
	}
	return 0;
}

static int take_body(struct message *msg, const struct header *header, const char *data, size_t len,
		     int extra)
{
	if (header->magic != CHANNEL_MAGIC || header->len > CHANNEL_BODY_MAX ||
	    header->in_memfd > 1) {
		fd_close(&extra);
		return -EPROTO;
	}
	msg->type = header->type;
	msg->id = header->id;
	msg->len = header->len;
	if (header->in_memfd) {
		CLEANUP_FD int memfd = extra;

		if (memfd < 0 && msg->nfds)
			memfd = msg->fds[--msg->nfds];
		return memfd < 0 ? -EPROTO : read_memfd(memfd, msg, header->len);
	}
	if (extra >= 0) {
		close(extra);
		return -EPROTO;
	}
	if (len != header->len)
		return -EPROTO;
	msg->body = malloc(len + 1);
	if (!msg->body)
		return -ENOMEM;
	memcpy(msg->body, data, len);
	return 0;
}

int channel_recv(int fd, struct message *msg)
{
	struct header header;
	char data[INLINE_MAX];
	struct iovec iov[2] = { { &header, sizeof(header) }, { data, sizeof(data) } };
	union control control;
	struct msghdr in = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = &control };
	int extra, r;
	ssize_t n;

	memset(msg, 0, sizeof(*msg));
	in.msg_controllen = sizeof(control);
	while ((n = recvmsg(fd, &in, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR)
			return errno == ECONNRESET ? 0 : -errno;
	r = collect_fds(&in, msg, &extra);
	if (n == 0 && msg->nfds == 0 && r == 0 && extra < 0)
		return 0;
	if (r == 0 && ((size_t)n < sizeof(header) || (in.msg_flags & (MSG_TRUNC | MSG_CTRUNC))))
		r = -EPROTO;
	if (r == 0)
		r = take_body(msg, &header, data, (size_t)n - sizeof(header), extra);
	else
		fd_close(&extra);
	if (r < 0) {
		message_done(msg);
		return r;
	}
	msg->body[msg->len] = '\0';
	return 1;
}

void message_done(struct message *msg)
{
	for (size_t i = 0; i < msg->nfds; i++)
		fd_close(&msg->fds[i]);
	free(msg->body);
	memset(msg, 0, sizeof(*msg));
}
