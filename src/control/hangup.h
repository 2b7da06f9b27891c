/* hangup.h - notices that a client has gone while its request waits: libmicrohttpd does not watch
 * suspended connections.  Runs in: control.
 *
 * An epoll of its own, edge-triggered: a watcher for reading would spin on bytes that the client
 * has sent ahead. */
#ifndef CONTROL_HANGUP_H
#define CONTROL_HANGUP_H

#include <ev.h>

struct exchange;

struct hangup {
	struct ev_loop *loop; /* borrowed */
	int epoll;            /* owned */
	ev_io io;
};

int hangup_init(struct hangup *hangup, struct ev_loop *loop); /* 0 or -errno */
void hangup_done(struct hangup *hangup);
void hangup_watch(struct hangup *hangup, struct exchange *exchange, int fd);
void hangup_forget(struct hangup *hangup, int fd);

#endif
