/* listener_protocol.h - what an event listener says on its standard output: bytes in, steps out.
 * Runs in: supervisor.  Pure.
 *
 *   ACKNOWLEDGED ──"READY\n"──► READY ──an event is sent──► BUSY ──"RESULT n\n" and n bytes──►
 * ACKNOWLEDGED └───── anything else ────┴──────── UNKNOWN ◄────────┘ a line without a number
 *
 * UNKNOWN is for good, until the process is started anew.  What is kept does not grow with what is
 * said: of a result only its first bytes, as nothing but "OK" is told from the rest. */
#ifndef SUPERVISOR_LISTENER_PROTOCOL_H
#define SUPERVISOR_LISTENER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum listener_state {
	LISTENER_ACKNOWLEDGED, /* the first one: has not asked for an event yet */
	LISTENER_READY,
	LISTENER_BUSY,
	LISTENER_UNKNOWN,
	LISTENER_NSTATES
};

/* What the bytes came to. */
enum listener_step {
	LISTENER_WAITS,    /* nothing whole yet */
	LISTENER_ASKED,    /* ACKNOWLEDGED → READY */
	LISTENER_DONE,     /* BUSY → ACKNOWLEDGED: "OK" */
	LISTENER_REFUSED,  /* BUSY → ACKNOWLEDGED: any other result */
	LISTENER_BAD_LINE, /* BUSY → UNKNOWN: it is in `line` */
	LISTENER_NOISE,    /* ACKNOWLEDGED or READY → UNKNOWN */
	LISTENER_NSTEPS
};

/* A listener that writes more than this without a line's end is not one; supervisord would wait,
 * and keep it all. */
#define LISTENER_LINE_MAX 512

struct listener_protocol {
	enum listener_state state;
	bool in_result;               /* BUSY: the line was read */
	uint64_t left;                /* of the result, in bytes */
	size_t len;                   /* in `line` */
	char line[LISTENER_LINE_MAX]; /* READY or RESULT so far; then the result's first bytes.
					 Not a string */
};

void listener_protocol_reset(struct listener_protocol *protocol); /* to ACKNOWLEDGED */
void listener_protocol_sent(struct listener_protocol *protocol);  /* READY → BUSY */

/* Takes bytes up to the end of one step, *ret_used of len.  With len > 0 it takes at least one.
 * Call it again for the rest. */
enum listener_step listener_protocol_feed(struct listener_protocol *protocol, const char *data,
					  size_t len, size_t *ret_used);

const char *listener_state_name(enum listener_state state); /* "ACKNOWLEDGED" */

#endif
