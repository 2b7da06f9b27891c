/* events.h - what happens, told to the event listeners that have subscribed to it.
 * Runs in: supervisor.
 *
 *   something happens ── somebody subscribes? ──► struct event ──► the pool of each
 * [eventlistener:x] no: that is all          one payload        that subscribes (event_pool.h)
 *
 * All but output goes through event_hold.h.  Names, payloads and serials are supervisord's. Nothing
 * here calls back, so it may be called from everywhere. */
#ifndef SUPERVISOR_EVENTS_H
#define SUPERVISOR_EVENTS_H

#include "config/event_types.h"
#include "supervisor/event_hold.h"
#include "supervisor/process_state.h"
#include "supervisor/ticks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct event_pool;
struct log_data;
struct process;
struct process_host;

struct events {
	const struct process_host *host; /* borrowed */
	struct event_pool *pools;        /* borrowed; a list in the order of their making */
	uint32_t wanted;                 /* union of what they subscribe to */
	uint64_t serial;                 /* of the next event */
	struct ticks ticks;
	struct event_hold hold;
	void (*settled)(struct events *events); /* a listener has done with an event */
};

/* No pools yet.  `host` outlives it; only its loop and identifier are used. */
void events_init(struct events *events, const struct process_host *host,
		 void (*settled)(struct events *events));
void events_done(struct events *events); /* pools must be gone by then */

/* Whether anybody would hear of it: nothing need be prepared for nobody. */
static inline bool events_wanted(const struct events *events, enum event_type type)
{
	return events->wanted >> type & 1;
}

/* A process has entered process->state.  Called before that state's action is carried out: its pid
 * and its wait status are still those of what has just ended.  A listener's own process comes in
 * here as well. */
void events_process(struct events *events, struct process *process, enum process_state from);

void events_group(struct events *events, const char *group, bool added);
void events_supervisor(struct events *events, bool running);

/* sendRemoteCommEvent: both are UTF-8; `data` need not end with a NUL. */
void events_remote(struct events *events, const char *type, const char *data, size_t len);

/* PROCESS_LOG or PROCESS_COMMUNICATION. */
void events_output(struct events *events, const struct process *process, bool is_err,
		   const struct log_data *data);

/* Pools join when their group is made and leave before it is gone; event_pool.c calls this. */
void events_join(struct events *events, struct event_pool *pool);
void events_leave(struct events *events, struct event_pool *pool);
void events_count(struct events *events); /* after a change of what a pool wants */

#endif
