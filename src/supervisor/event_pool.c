/* event_pool.c - see event_pool.h. */
#include "supervisor/event_pool.h"

#include "base/log.h"
#include "config/config.h"
#include "supervisor/events.h"
#include "supervisor/process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint32_t subscriptions(const struct config_listener *config)
{
	uint32_t mask = 0;

	for (char **name = config->events; name && *name; name++) {
		int type = event_type_find(*name);

		if (type >= 0) /* the configuration holds no others */
			mask |= event_type_mask((enum event_type)type);
	}
	return mask;
}

static void log_lost(const struct event_pool *pool, const struct event *event)
{
	log_error("pool %s event buffer overflowed, discarding event %" PRIu64, pool->name,
		  event->serial);
}

static size_t room_of(const struct config_listener *config)
{
	return config->buffer_size ? config->buffer_size : 1;
}

struct event_pool *event_pool_new(struct events *events, const char *name,
				  const struct config_listener *config,
				  struct process *const *processes, size_t n)
{
	struct event_pool *pool = calloc(1, sizeof(*pool) + n * sizeof(pool->listeners[0]));

	if (!pool)
		return NULL;
	pool->events = events;
	pool->name = name;
	pool->wanted = subscriptions(config);
	event_ring_init(&pool->ring, room_of(config));
	pool->n = n;
	for (size_t i = 0; i < n; i++)
		event_listener_init(&pool->listeners[i], pool, processes[i]);
	events_join(events, pool);
	return pool;
}

void event_pool_free(struct event_pool *pool)
{
	if (!pool)
		return;
	events_leave(pool->events, pool);
	for (size_t i = 0; i < pool->n; i++)
		event_listener_done(&pool->listeners[i]);
	event_ring_done(&pool->ring);
	free(pool);
}

static void put(struct event_pool *pool, struct pool_event entry, bool head)
{
	struct pool_event lost;

	event_ring_put(&pool->ring, entry, head, &lost);
	if (lost.event)
		log_lost(pool, lost.event);
	event_unref(lost.event);
}

void event_pool_change(struct event_pool *pool, const struct config_listener *config)
{
	pool->wanted = subscriptions(config);
	pool->ring.max = room_of(config);
	while (pool->ring.n > pool->ring.max) {
		struct pool_event lost = event_ring_take(&pool->ring);

		log_lost(pool, lost.event);
		event_unref(lost.event);
	}
	events_count(pool->events);
}

void event_pool_accept(struct event_pool *pool, struct event *event)
{
	put(pool, (struct pool_event){ event_ref(event), pool->serial++ }, false);
}

void event_pool_return(struct event_pool *pool, struct pool_event entry)
{
	log_debug("rebuffering event %" PRIu64 " for pool %s (buf size=%zu, max=%zu)",
		  entry.event->serial, pool->name, pool->ring.n, pool->ring.max);
	put(pool, entry, true);
}

/* Sends it to the first listener that takes it: 0, or -EAGAIN. */
static int send_to_any(struct event_pool *pool, struct pool_event entry)
{
	for (size_t i = 0; i < pool->n; i++) {
		struct event_listener *listener = &pool->listeners[i];
		const char *name;
		int r;

		if (!event_listener_is_ready(listener))
			continue;
		name = listener->process->config->name;
		r = event_listener_send(listener, entry);
		if (r == 0) {
			log_debug("event %" PRIu64 " sent to listener %s", entry.event->serial,
				  name);
			return 0;
		}
		log_debug("%s occurred while sending event %" PRIu64
			  " to listener %s, listener state unchanged",
			  r == -EPIPE ? "epipe" : strerror(-r), entry.event->serial, name);
	}
	return -EAGAIN;
}

bool event_pool_is_busy(const struct event_pool *pool)
{
	for (size_t i = 0; i < pool->n; i++) {
		const struct event_listener *listener = &pool->listeners[i];

		if (!listener->process || listener->process->state != PROCESS_RUNNING ||
		    listener->protocol.state == LISTENER_UNKNOWN)
			continue;
		if (listener->entry.event || pool->ring.n || pool->events->hold.first)
			return true;
	}
	return false;
}

void event_pool_dispatch(struct event_pool *pool)
{
	struct pool_event entry;

	while ((entry = event_ring_take(&pool->ring)).event) {
		if (send_to_any(pool, entry) == 0)
			continue;
		put(pool, entry, true); /* there is room, it came from there */
		return;
	}
}
