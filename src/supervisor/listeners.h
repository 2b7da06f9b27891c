/* listeners.h - the sockets of [socket:*]: bound once, before anything is started, and handed on.
 * Runs in: supervisor.
 *
 * A name has one current socket.  When a new configuration gives it another address, the old socket
 * retires: it stays open as long as a process runs that was started with it, and nobody is given it
 * any more.  What is bound already, under whatever name, is not bound again: the new one is a copy
 * of its fd, so that connections which wait in its queue stay there. */
#ifndef SUPERVISOR_LISTENERS_H
#define SUPERVISOR_LISTENERS_H

#include "supervisor/listen.h"

#include <stdbool.h>
#include <stddef.h>

struct activation;
struct config;
struct config_socket;
struct error;
struct fdstore;

struct listener {
	struct config *base;                /* one reference: what config points into */
	const struct config_socket *config; /* borrowed from base */
	int fd;                             /* owned; listening, CLOEXEC */
	struct listen_mark mark;            /* of a unix socket */
	unsigned born, retired;             /* when, in listeners.generation; 0: it is current */
};

/* Embedded; zeroed is empty. */
struct listeners {
	const struct activation *activation; /* borrowed; NULL: none */
	struct fdstore *store;               /* borrowed; NULL: none.  Where they outlive us */
	struct listener *all;                /* owned */
	size_t n;
	bool unsaid;         /* the store is not what it should be */
	unsigned generation; /* counts changes of address; a start is of the one that it meets */
};

/* Makes them what the configuration says, while nobody uses any: takes from the store what is bound
 * as it says, binds what is not bound yet, changes what has changed, closes the rest.  0, or -1
 * with err naming the socket, its address and its section; then listeners_close() is still due. */
int listeners_open(struct listeners *listeners, struct config *config, struct error *err);

/* Binds a socket if its name has none, or one that cannot become this one; that one retires.  0, or
 * -1 with err and nothing changed. */
int listeners_need(struct listeners *listeners, struct config *base,
		   const struct config_socket *config, struct error *err);

/* Applies what has changed of the current one without another bind: backlog, mode, options of TCP.
 * *ret_changed: something has.  0, or -1 with err. */
int listeners_change(struct listeners *listeners, struct config *base,
		     const struct config_socket *config, bool *ret_changed, struct error *err);

/* Closes the one at an index, and another one takes its place.  Programs that have it keep it; its
 * file goes. */
void listeners_remove(struct listeners *listeners, size_t i);

/* Whether a start of that generation was given it, if it was to have the name's socket. */
bool listener_was_given(const struct listener *listener, unsigned generation);

/* Binds anew those whose file somebody has removed, or exchanged for another one; the old ones
 * retire.  What goes wrong is logged, and changes nothing. */
void listeners_renew(struct listeners *listeners);

/* Whether the name's socket that a start of that generation was given has been bound anew since
 * then, because nobody could connect to it any more. */
bool listeners_gave_lost(const struct listeners *listeners, const char *name, unsigned generation);

/* The fd of a name, borrowed, or -1. */
int listeners_find(const struct listeners *listeners, const char *name);

/* Makes the store have the current ones, those that are bound by us, and no others.  0; -EAGAIN: it
 * is due once more, and so it is whenever one was bound or closed (`unsaid`). */
int listeners_store(struct listeners *listeners);

/* Closes all, and unlinks unix sockets that are still ours.  The others stay in the store: that is
 * systemd's to empty, unless it starts us again. */
void listeners_close(struct listeners *listeners);

#endif
