/* notify_send.c - see notify_send.h. */
#include "ipc/notify_send.h"

#include <errno.h>
#include <string.h>

int notify_send(int fd, const struct notify_address *to, const void *text, size_t len, int passed)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(passed))];
	} control;
	struct iovec part = { (void *)text, len };
	struct msghdr msg = { .msg_name = (void *)&to->address,
			      .msg_namelen = to->len,
			      .msg_iov = &part,
			      .msg_iovlen = 1 };

	if (passed >= 0) {
		struct cmsghdr *cmsg;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(passed));
		memcpy(CMSG_DATA(cmsg), &passed, sizeof(passed));
	}
	while (sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}
