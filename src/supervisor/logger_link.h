/* logger_link.h - the logger as a process: starts it, speaks with it, starts it again.
 * Runs in: supervisor.  What is said is logs.h's.
 *
 *   DOWN ──start──► UP ──dead──► DOWN ──at once, or after a back-off──► UP
 *                    └──end──► dead: ended()
 */
#ifndef SUPERVISOR_LOGGER_LINK_H
#define SUPERVISOR_LOGGER_LINK_H

#include "supervisor/backoff.h"
#include "supervisor/reaper.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config_daemon;
struct logger_link;
struct message;

/* What the owner provides. */
struct logger_host {
	void (*up)(struct logger_link *link); /* a new one is there, and knows nothing */
	/* A message; -EPROTO: the logger is not to be believed any more, and is replaced. */
	int (*take)(struct logger_link *link, struct message *msg);
	void (*writable)(struct logger_link *link); /* after -EAGAIN */
	void (*down)(struct logger_link *link);     /* what it has not answered it never will */
	void (*failed)(struct logger_link *link, const char *why); /* it cannot be started */
	/* After logger_link_end(): it has exited, or will not in time. */
	void (*ended)(struct logger_link *link);
};

struct logger_link {
	const struct logger_host *host; /* borrowed, as the next three */
	struct ev_loop *loop;
	struct reaper *reaper;
	const struct config_daemon *daemon;

	pid_t pid;   /* 0: none */
	int channel; /* owned; -1 */
	struct reaper_watch watch;
	ev_io input, output;
	ev_timer timer; /* the next start (DOWN), its exit (UP), or room in the channel (UP) */
	struct budget budget; /* of starts */
	unsigned failures;    /* attempts in a row that started none; ending: deaths as well */
	unsigned starts;      /* ever */
	bool ending;
	bool told; /* ending: LOG_END is sent */
};

void logger_link_init(struct logger_link *link, const struct logger_host *host,
		      struct ev_loop *loop, struct reaper *reaper,
		      const struct config_daemon *daemon);
void logger_link_done(struct logger_link *link); /* lets go of it; it exits by itself */

void logger_link_start(struct logger_link *link); /* up() or failed() is called before it returns */

/* fds are borrowed.  0; -EAGAIN: writable() will be called; -EPIPE: it is dead, or about to be
 * replaced: down() follows. */
int logger_link_send(struct logger_link *link, uint32_t type, uint32_t id, const void *body,
		     size_t len, const int *fds, size_t nfds);

/* From now on it is only to finish: it is started again if it dies, but not for long. */
void logger_link_end(struct logger_link *link);

/* All was said: it shall write what there is, and exit.  To be called again after an up(). */
void logger_link_last(struct logger_link *link);

#endif
