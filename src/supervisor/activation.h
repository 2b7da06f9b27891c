/* activation.h - the sockets that systemd, or whoever started us as it would, has bound for us:
 * sd_listen_fds_with_names(3).
 * Runs in: supervisor. */
#ifndef SUPERVISOR_ACTIVATION_H
#define SUPERVISOR_ACTIVATION_H

#include "base/error.h"

#include <stddef.h>

struct activated {
	char *name; /* owned */
	int fd;     /* owned; CLOEXEC */
};

/* Embedded; zeroed is none. */
struct activation {
	struct activated *all; /* owned */
	size_t n;
	struct error why; /* there is none, or not all; "": nobody has tried */
};

/* Takes what LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES describe, if it is for this process, and
 * removes the three from our environment in any case.  Before any fork, and before anything else
 * opens an fd. */
void activation_take(struct activation *activation);
void activation_done(struct activation *activation);

/* A copy of the one with this name: a CLOEXEC fd, or -1 with err.  It must be one that can be
 * accepted from, or of datagrams. */
int activation_open(const struct activation *activation, const char *name, struct error *err);

#endif
