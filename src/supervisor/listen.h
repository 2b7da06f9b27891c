/* listen.h - binds listening sockets; a unix socket so that nobody can connect before its owner and
 * mode are set.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_LISTEN_H
#define SUPERVISOR_LISTEN_H

#include <stdint.h>
#include <sys/types.h>

struct error;

/* Listens on one TCP address.  host NULL, "" or "*": all, of IPv4 and IPv6.  A CLOEXEC fd, or
 * -errno with the reason in err. */
int listen_tcp(const char *host, const char *port, int backlog, struct error *err);

/* Splits "HOST:PORT", "[V6]:PORT" or "*:PORT" in place.  0, or -1 with err. */
int listen_split(char *text, char **host, char **port, struct error *err);

struct listen_unix {
	const char *path;  /* absolute; borrowed, as owner */
	const char *owner; /* "user[:group]"; NULL: stay */
	int32_t mode;
	int backlog;
};

/* What was bound: to be removed only if it is still there.  Zeroed is none. */
struct listen_mark {
	char *path; /* owned */
	dev_t dev;
	ino_t ino;
};

/* Listens on a unix socket; a socket file that nobody listens on any more is replaced, anything
 * else in the way stays.  A CLOEXEC fd, or -errno (-EADDRINUSE: somebody lives there) with err. */
int listen_unix(const struct listen_unix *where, struct listen_mark *mark, struct error *err);

void listen_unlink(struct listen_mark *mark); /* removes the file if it is ours; empties the mark */

#endif
