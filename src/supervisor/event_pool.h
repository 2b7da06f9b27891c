/* event_pool.h - one [eventlistener:x]: its processes, and the events that wait for them.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_EVENT_POOL_H
#define SUPERVISOR_EVENT_POOL_H

#include "supervisor/event_listener.h"
#include "supervisor/event_ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_listener;
struct events;
struct process;

struct event_pool {
	struct event_pool *next; /* borrowed; in struct events */
	struct events *events;   /* borrowed */
	const char *name;        /* borrowed; of the group */
	uint32_t wanted;         /* bits of event types */
	uint64_t serial;         /* of the next event in this pool */
	struct event_ring ring;
	size_t n;
	struct event_listener listeners[]; /* n of them, in the order of the group's processes */
};

/* Subscribes, and makes each of these processes a listener.  Borrows `name` and the processes,
 * which may go before the pool does.  NULL: out of memory. */
struct event_pool *event_pool_new(struct events *events, const char *name,
				  const struct config_listener *config,
				  struct process *const *processes, size_t n);
void event_pool_free(struct event_pool *pool); /* NULL is legal */

/* Another configuration from now on; of what waits, the oldest gives way if there is less room. */
void event_pool_change(struct event_pool *pool, const struct config_listener *config);

/* An event of a type that it wants; takes a reference of its own. */
void event_pool_accept(struct event_pool *pool, struct event *event);

/* An event that a listener could not cope with goes back, to be the next.  Takes the reference
 * over.
 */
void event_pool_return(struct event_pool *pool, struct pool_event entry);

/* Whether a listener is at work or could be: then something may still come of what waits. */
bool event_pool_is_busy(const struct event_pool *pool);

/* Hands out what waits, as long as a listener is ready. */
void event_pool_dispatch(struct event_pool *pool);

#endif
