/* event_hold.h - news of an end waits until all that the process has written is news, too.
 * Runs in: supervisor.
 *
 * PROCESS_LOG and PROCESS_COMMUNICATION come from the logger, which may be behind: the EXITED of a
 * process waits for its LOG_SYNC, so that nobody hears a process speak that is dead.  What happens
 * meanwhile waits behind it, so that the order of everything else stays as it was.  Neither for
 * long (a logger may hang) nor much. */
#ifndef SUPERVISOR_EVENT_HOLD_H
#define SUPERVISOR_EVENT_HOLD_H

#include "base/buf.h"
#include "config/event_types.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct held_event;
struct logs;

#define EVENT_HOLD_SECONDS 1.
#define EVENT_HOLD_MAX 256 /* events */

/* Embedded. */
struct event_hold {
	struct ev_loop *loop; /* borrowed, as logs */
	struct logs *logs;
	struct held_event *first; /* owned, as all behind it */
	struct held_event *last;
	size_t n;
	ev_timer timer; /* while there are any: then all go */
	/* Sends one; the payload is its to free. */
	void (*send)(struct event_hold *hold, enum event_type type, struct buf *payload);
	/* All that could go has gone. */
	void (*sent)(struct event_hold *hold);
};

void event_hold_init(struct event_hold *hold, struct ev_loop *loop, struct logs *logs);
void event_hold_done(struct event_hold *hold); /* sends nothing any more */

/* An event that is to be sent when these streams (at most 2) are in step and everything before it
 * is sent.  false: nothing stands in its way, and it is still the caller's. */
bool event_hold_put(struct event_hold *hold, enum event_type type, struct buf *payload,
		    const uint32_t *streams, size_t nstreams);

#endif
