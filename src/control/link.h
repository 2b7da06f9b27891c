/* link.h - control's end of the channel: questions to the supervisor and their answers.
 * Runs in: control.
 *
 * At most CONTROL_REQUESTS_MAX are unanswered; the others wait here in order.  Those that wait for
 * something to happen (a start, a stop) leave room for the ones that are answered at once. */
#ifndef CONTROL_LINK_H
#define CONTROL_LINK_H

#include "base/buf.h"
#include "ipc/control_messages.h"
#include "ipc/pack.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the supervisor says; valid during done() only. */
struct answer {
	uint32_t fault;     /* enum fault */
	const char *text;   /* NULL: none */
	struct unpack body; /* in front of the operation's own fields */
	int fd;             /* the callee takes it by setting it to -1; -1: none */
};

enum ask_state {
	ASK_NONE,
	ASK_UNSENT,
	ASK_SENT,
};

/* Embedded in what waits for the answer. */
struct ask {
	void (*done)(struct ask *ask, struct answer *answer);
	enum ask_state state;
	bool waits;       /* for something to happen */
	uint32_t slot;    /* while sent */
	struct ask *next; /* while unsent; borrowed */
	struct buf body;  /* while unsent; owned */
};

struct ask_queue {
	struct ask *first, *last; /* borrowed */
};

struct link_slot {
	struct ask *ask;     /* borrowed; NULL: free, or cancelled */
	uint32_t generation; /* so that a late answer meets nobody else */
	bool used, waits;
};

struct link {
	struct ev_loop *loop; /* borrowed */
	int fd;               /* owned */
	ev_io input, output;
	struct ask_queue unsent[2]; /* by `waits` */
	struct link_slot slots[CONTROL_REQUESTS_MAX];
	uint32_t free_slots[CONTROL_REQUESTS_MAX]; /* a stack */
	uint32_t nfree, nwaiting;
	void (*closed)(struct link *link, int error); /* the supervisor is gone (0), or the
							 channel is broken (-errno) */
};

void link_init(struct link *link, struct ev_loop *loop, int fd); /* takes fd */
void link_done(struct link *link);

/* Asks; `done` is called once, later.  The request is borrowed for the call only.  0 or -ENOMEM. */
int link_ask(struct link *link, struct ask *ask, const struct control_request *request);

/* The answer is not wanted any more.  Nothing happens if the ask is not under way. */
void link_cancel(struct link *link, struct ask *ask);

#endif
