/* event_ring.c - see event_ring.h. */
#include "supervisor/event_ring.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 8

void event_ring_init(struct event_ring *ring, size_t max)
{
	memset(ring, 0, sizeof(*ring));
	ring->max = max;
}

void event_ring_done(struct event_ring *ring)
{
	struct pool_event entry;

	while ((entry = event_ring_take(ring)).event)
		event_unref(entry.event);
	free(ring->slots);
	memset(ring, 0, sizeof(*ring));
}

static struct pool_event *slot(struct event_ring *ring, size_t i)
{
	return &ring->slots[(ring->first + i) % ring->room];
}

/* Makes room for one more. */
static bool grow(struct event_ring *ring)
{
	size_t room = ring->room ? ring->room * 2 : FIRST_ROOM;
	struct pool_event *slots;

	if (ring->n < ring->room)
		return true;
	if (room > ring->max)
		room = ring->max;
	slots = calloc(room, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < ring->n; i++)
		slots[i] = *slot(ring, i);
	free(ring->slots);
	ring->slots = slots;
	ring->room = room;
	ring->first = 0;
	return true;
}

struct pool_event event_ring_take(struct event_ring *ring)
{
	struct pool_event entry = { 0 };

	if (ring->n == 0)
		return entry;
	entry = *slot(ring, 0);
	ring->first = (ring->first + 1) % ring->room;
	ring->n--;
	return entry;
}

void event_ring_put(struct event_ring *ring, struct pool_event entry, bool head,
		    struct pool_event *ret_lost)
{
	ret_lost->event = NULL;
	if (ring->n >= ring->max)
		*ret_lost = event_ring_take(ring);
	if (!grow(ring)) {
		*ret_lost = entry;
		return;
	}
	if (head)
		ring->first = (ring->first + ring->room - 1) % ring->room;
	*slot(ring, head ? 0 : ring->n) = entry;
	ring->n++;
}
