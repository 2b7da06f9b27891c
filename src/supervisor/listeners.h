/* listeners.h - the sockets of [socket:*]: bound once, before anything is started, and handed on.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_LISTENERS_H
#define SUPERVISOR_LISTENERS_H

#include "supervisor/listen.h"

#include <stddef.h>

struct config;
struct config_socket;
struct error;

struct listener {
	struct config *base;                /* one reference: what config points into */
	const struct config_socket *config; /* borrowed from base */
	int fd;                             /* owned; listening, CLOEXEC */
	struct listen_mark mark;            /* of a unix socket */
};

/* Embedded; zeroed is empty. */
struct listeners {
	struct listener *all; /* owned */
	size_t n;
};

/* Binds all of them or none.  0, or -1 with err naming the socket, its address and its section. */
int listeners_open(struct listeners *listeners, struct config *config, struct error *err);

/* Binds one more, whose name must be new.  0 or -1 with err. */
int listeners_add(struct listeners *listeners, struct config *base,
		  const struct config_socket *config, struct error *err);

/* Closes one: programs that have it keep it. */
void listeners_remove(struct listeners *listeners, const char *name);

/* The section that a name was bound by, or NULL. */
const struct config_socket *listeners_config(const struct listeners *listeners, const char *name);

/* The fd of a name, borrowed, or -1. */
int listeners_find(const struct listeners *listeners, const char *name);

/* Closes all, and unlinks unix sockets that are still ours. */
void listeners_close(struct listeners *listeners);

#endif
