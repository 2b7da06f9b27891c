/* event.h - one event, shared by the pools that it waits in and the listener that has it.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_EVENT_H
#define SUPERVISOR_EVENT_H

#include "config/event_types.h"

#include <stddef.h>
#include <stdint.h>

struct buf;

struct event {
	unsigned references;
	enum event_type type;
	uint64_t serial;
	size_t characters; /* of the payload, see payload_characters() */
	size_t len;        /* of the payload, bytes */
	char payload[];
};

/* One place in a pool: the event and its number there. */
struct pool_event {
	struct event *event; /* a reference; NULL: none */
	uint64_t serial;
};

/* With one reference; copies the payload.  NULL: out of memory, or the payload had failed. */
struct event *event_new(enum event_type type, uint64_t serial, const struct buf *payload);
struct event *event_ref(struct event *event);
void event_unref(struct event *event); /* NULL is legal */

#endif
