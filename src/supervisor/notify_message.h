/* notify_message.h - what a process says of itself by sd_notify(3).
 * Runs in: supervisor.  Pure.
 *
 * Lines of NAME=VALUE.  What is not in the struct is nothing to us (MAINPID=, FDSTORE=, ERRNO=, …):
 * we know the pid, and keep fds by other means. */
#ifndef SUPERVISOR_NOTIFY_MESSAGE_H
#define SUPERVISOR_NOTIFY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOTIFY_STATUS_MAX 128 /* bytes, the NUL among them */

struct notify_message {
	bool ready;                     /* READY=1 */
	bool reloading;                 /* RELOADING=1 */
	bool stopping;                  /* STOPPING=1 */
	bool alive;                     /* WATCHDOG=1 */
	bool sick;                      /* WATCHDOG=trigger */
	bool has_status;                /* STATUS=…; an empty one takes the last one back */
	char status[NOTIFY_STATUS_MAX]; /* one line of UTF-8 without control characters; cut */
	uint64_t extend_us;             /* EXTEND_TIMEOUT_USEC=; 0: none */
};

/* 0; or -EINVAL, with nothing of it to be believed: there is a NUL before the end. */
int notify_message_parse(const char *data, size_t len, struct notify_message *ret);

#endif
