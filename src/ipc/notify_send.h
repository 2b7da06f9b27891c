/* notify_send.h - one datagram to a service manager's socket, sd_notify(3), with or without an fd.
 * Runs in: supervisor. */
#ifndef IPC_NOTIFY_SEND_H
#define IPC_NOTIFY_SEND_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify_address {
	struct sockaddr_un address;
	socklen_t len;
};

/* Never waits.  `passed` is borrowed, the receiver gets a copy; -1: none.  0; -EAGAIN: the
 * receiver's queue is full; or another -errno. */
int notify_send(int fd, const struct notify_address *to, const void *text, size_t len, int passed);

#endif
