/* listen.h - binds listening sockets; a unix socket so that nobody can connect before its owner and
 * mode are set.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_LISTEN_H
#define SUPERVISOR_LISTEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

/* An address of TCP or UDP; all is borrowed. */
struct listen_inet {
	const char *host; /* NULL, "" or "*": all, of IPv4 and IPv6 */
	const char *port;
	bool datagrams; /* UDP */
	bool dual;      /* an address of IPv6 takes IPv4 as well */
	bool reuseport;
	int backlog; /* of TCP */
};

/* A CLOEXEC fd, bound and, with TCP, listening; or -errno with the reason in err, and who has the
 * address if that is the reason. */
int listen_inet(const struct listen_inet *where, struct error *err);

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

/* What was bound: to be removed only if it is still there.  Zeroed is none; without a path,
 * somebody else removes the file. */
struct listen_mark {
	char *path; /* owned */
	dev_t dev;
	ino_t ino;
};

/* Listens on a unix socket; a socket file that nobody listens on any more is replaced, anything
 * else in the way stays.  A CLOEXEC fd, or -errno (-EADDRINUSE: somebody lives there) with err. */
int listen_unix(const struct listen_unix *where, struct listen_mark *mark, struct error *err);

/* Gives a bound socket another owner and mode, if its file is still ours.  0, or -errno with err.
 */
int listen_unix_change(const struct listen_unix *where, const struct listen_mark *mark,
		       struct error *err);

/* Listens on a unix socket without a file.  A CLOEXEC fd, or -errno with err. */
int listen_abstract(const char *name, int backlog, struct error *err);

/* Whether a path still leads to what was bound: as long as it is open, the socket holds on to its
 * file's inode (unix(7)), so no other file gets that number, even if this one was removed. */
bool listen_is_there(const struct listen_mark *mark, const char *path);

void listen_unlink(struct listen_mark *mark); /* removes the file if it is ours; empties the mark */

#endif
