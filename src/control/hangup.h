/* hangup.h - notices that a client will send nothing more, or has gone.  libmicrohttpd does not
 * watch suspended connections, and a half-closed one is nothing to it: it takes a short read for
 * the last that there is, and waits for an edge that has been (connection.c, 0.9.75).  Runs in:
 * control.
 *
 * An epoll of its own, edge-triggered: a watcher for reading would spin on bytes that the client
 * has sent ahead. */
#ifndef CONTROL_HANGUP_H
#define CONTROL_HANGUP_H

#include <ev.h>

struct client;

struct hangup {
	struct ev_loop *loop; /* borrowed */
	int epoll;            /* owned */
	ev_io io;
};

int hangup_init(struct hangup *hangup, struct ev_loop *loop); /* 0 or -errno */
void hangup_done(struct hangup *hangup);

/* Calls client_hung_up(), also for what has happened before.  Again: anew. */
void hangup_watch(struct hangup *hangup, struct client *client);
void hangup_forget(struct hangup *hangup, const struct client *client);

#endif
