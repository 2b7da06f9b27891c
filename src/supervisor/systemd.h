/* systemd.h - the service manager's socket: sd_notify(3)'s protocol and nothing more.
 * Runs in: supervisor.  Never waits: a manager that does not listen is no reason to stop
 * supervising.  What is said, and when, is announce.h's business. */
#ifndef SUPERVISOR_SYSTEMD_H
#define SUPERVISOR_SYSTEMD_H

#include "ipc/notify_send.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

struct systemd {
	int fd; /* owned; -1: there is no manager */
	struct notify_address to;
	bool stores; /* it may keep fds for us; before version 254 it does not say that it would not
		      */
	int64_t watchdog_us; /* we are taken for dead after so long a silence; 0: never */
	pid_t started;       /* whom the manager has started; going into the background makes that
				another one than us */
};

#define SYSTEMD_NONE ((struct systemd){ .fd = -1 })

/* Takes NOTIFY_SOCKET, FDSTORE, WATCHDOG_PID and WATCHDOG_USEC out of our environment, so that no
 * child can get them.  To be called before daemon_detach().  An address that nobody can use is
 * logged, and then there is no manager. */
void systemd_open(struct systemd *systemd);
void systemd_close(struct systemd *systemd);

bool systemd_listens(const struct systemd *systemd); /* NULL: no */

/* One datagram of NAME=VALUE lines.  0; -EAGAIN: its queue is full, try later; or -errno. */
int systemd_send(const struct systemd *systemd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with a copy of an fd. */
int systemd_send_fd(const struct systemd *systemd, int fd, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Waits until all that was sent before has been dealt with, but for a few seconds at most.  0 or
 * -errno (-ETIMEDOUT). */
int systemd_barrier(const struct systemd *systemd);

/* Appends text as the value of STATUS may be: one line of UTF-8. */
void systemd_add_text(struct buf *buf, const char *text);

#endif
