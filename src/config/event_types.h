/* event_types.h - supervisord's kinds of events, by name, and what a subscription to one brings.
 * Runs in: supervisor.  Pure. */
#ifndef CONFIG_EVENT_TYPES_H
#define CONFIG_EVENT_TYPES_H

#include <stdint.h>

/* A parent stands before its children.  Parents are only subscribed to, never sent. */
enum event_type {
	EVENT_ANY, /* "EVENT" */
	EVENT_PROCESS_STATE,
	EVENT_PROCESS_STATE_STOPPED,
	EVENT_PROCESS_STATE_EXITED,
	EVENT_PROCESS_STATE_STARTING,
	EVENT_PROCESS_STATE_STOPPING,
	EVENT_PROCESS_STATE_BACKOFF,
	EVENT_PROCESS_STATE_FATAL,
	EVENT_PROCESS_STATE_RUNNING,
	EVENT_PROCESS_STATE_UNKNOWN,
	EVENT_PROCESS_COMMUNICATION,
	EVENT_PROCESS_COMMUNICATION_STDOUT,
	EVENT_PROCESS_COMMUNICATION_STDERR,
	EVENT_PROCESS_LOG,
	EVENT_PROCESS_LOG_STDOUT,
	EVENT_PROCESS_LOG_STDERR,
	EVENT_REMOTE_COMMUNICATION,
	EVENT_SUPERVISOR_STATE_CHANGE,
	EVENT_SUPERVISOR_STATE_CHANGE_RUNNING,
	EVENT_SUPERVISOR_STATE_CHANGE_STOPPING,
	EVENT_TICK,
	EVENT_TICK_5,
	EVENT_TICK_60,
	EVENT_TICK_3600,
	EVENT_PROCESS_GROUP,
	EVENT_PROCESS_GROUP_ADDED,
	EVENT_PROCESS_GROUP_REMOVED,
	EVENT_NTYPES
};

/* An `enum event_type` by its name in any case ("process_state"), or -1. */
int event_type_find(const char *name);
const char *event_type_name(enum event_type type); /* "PROCESS_STATE" */

/* The bits (1 << type) of this type and of all below it. */
uint32_t event_type_mask(enum event_type type);

#endif
