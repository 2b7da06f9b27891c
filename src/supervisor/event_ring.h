/* event_ring.h - events that wait for a listener: so many and no more, the oldest gives way.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_EVENT_RING_H
#define SUPERVISOR_EVENT_RING_H

#include "supervisor/event.h"

#include <stdbool.h>
#include <stddef.h>

struct event_ring {
	struct pool_event *slots; /* owned, and a reference each */
	size_t room;              /* slots; grows up to max as it is needed */
	size_t max;               /* at least 1 */
	size_t first;             /* the oldest one's slot */
	size_t n;
};

void event_ring_init(struct event_ring *ring, size_t max);
void event_ring_done(struct event_ring *ring);

/* Takes the reference over and puts it behind the others, or, at the head, before them.  What had
 * to give way comes back in *ret_lost, the reference with it (event NULL: nothing did): in a full
 * ring the oldest one, as with supervisord even for one that goes to the head; without memory the
 * new one. */
void event_ring_put(struct event_ring *ring, struct pool_event entry, bool head,
		    struct pool_event *ret_lost);

/* The oldest one, with its reference; its event is NULL if there is none. */
struct pool_event event_ring_take(struct event_ring *ring);

#endif
