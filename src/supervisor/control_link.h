/* control_link.h - the control process as the supervisor sees it: starts it, starts it again, takes
 * its requests and sends the answers.
 * Runs in: supervisor.  Knows nothing of what the requests mean.
 *
 *   DOWN ──start──► UP ──dead──► DOWN, and UP again: at once, unless it dies again and again
 *    ▲                │ broke the protocol: SIGKILL
 *    └────── stop ────┴──► STOPPING ──dead──► DOWN
 *
 * Bounded: it has CONTROL_REQUESTS_MAX requests unanswered at most, and while it does not read its
 * answers, no request is read either. */
#ifndef SUPERVISOR_CONTROL_LINK_H
#define SUPERVISOR_CONTROL_LINK_H

#include "supervisor/backoff.h"
#include "supervisor/reaper.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct control_answer;
struct control_link;
struct control_request;
struct http_sockets;

/* What the owner provides; borrowed. */
struct control_host {
	struct ev_loop *loop;
	struct reaper *reaper;
	const struct http_sockets *sockets;
	const char *identifier;
	bool background; /* the terminal is to be let go of; what it says reaches nobody */
	/* A request, to be answered by control_link_answer() now or later; *request is borrowed. */
	void (*request)(struct control_host *host, uint32_t id,
			const struct control_request *request);
	/* It is gone: whatever it had asked need not be answered any more. */
	void (*lost)(struct control_host *host);
	/* It was told to stop and has. */
	void (*stopped)(struct control_host *host);
};

struct control_link {
	struct control_host *host; /* borrowed */
	enum { CONTROL_DOWN, CONTROL_UP, CONTROL_STOPPING } state;
	pid_t pid;   /* 0: none */
	int channel; /* owned; -1 */
	struct reaper_watch watch;
	ev_io input, output;
	ev_timer timer; /* the next start (DOWN), or its end (STOPPING) */

	struct control_answer *answers; /* owned; to be sent, oldest first */
	struct control_answer *last;
	size_t bytes;         /* that they hold */
	unsigned unanswered;  /* requests */
	struct budget budget; /* of starts */
};

void control_link_init(struct control_link *link, struct control_host *host);
void control_link_done(struct control_link *link); /* signals nothing */

/* Starts it, now and whenever it dies.  What goes wrong is logged, and tried again. */
void control_link_start(struct control_link *link);

/* Lets it send what it has, and ends it; stopped() follows, at once if there is none. */
void control_link_stop(struct control_link *link);
void control_link_kill(struct control_link *link);

/* Sends an answer: takes what *body holds (and empties it), and fd, -1: none. */
void control_link_answer(struct control_link *link, uint32_t id, struct buf *body, int fd);

#endif
