/* holder.h - who has an address that cannot be bound: for the message of a person who has to act.
 * Runs in: supervisor.  Only reads /proc. */
#ifndef SUPERVISOR_HOLDER_H
#define SUPERVISOR_HOLDER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

struct buf;

/* Appends "nginx (pid 1234, user root)", or, when it may not or cannot be found, what is known of
 * it and why no more.  `proc` is "/proc", but in tests; `stream`: of TCP, or a unix socket. */
void holder_describe(const char *proc, const struct sockaddr *address, bool stream,
		     struct buf *text);

/* Appends the same of a process. */
void holder_describe_pid(const char *proc, pid_t pid, struct buf *text);

#endif
