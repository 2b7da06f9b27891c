/* events.c - see events.h. */
#include "supervisor/events.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/log_messages.h"
#include "supervisor/event_payload.h"
#include "supervisor/event_pool.h"
#include "supervisor/logs.h"
#include "supervisor/process.h"

#include <string.h>

static const enum event_type state_events[] = {
	[PROCESS_STOPPED] = EVENT_PROCESS_STATE_STOPPED,
	[PROCESS_STARTING] = EVENT_PROCESS_STATE_STARTING,
	[PROCESS_RUNNING] = EVENT_PROCESS_STATE_RUNNING,
	[PROCESS_BACKOFF] = EVENT_PROCESS_STATE_BACKOFF,
	[PROCESS_STOPPING] = EVENT_PROCESS_STATE_STOPPING,
	[PROCESS_EXITED] = EVENT_PROCESS_STATE_EXITED,
	[PROCESS_FATAL] = EVENT_PROCESS_STATE_FATAL,
	[PROCESS_UNKNOWN] = EVENT_PROCESS_STATE_UNKNOWN,
};
_Static_assert(ARRAY_LEN(state_events) == PROCESS_NSTATES, "an event for every state");

/* With its header it must fit into what may wait for a process; else it would stay a pool's first
 * for ever. */
#define PAYLOAD_MAX (PROCESS_STDIN_MAX - 4096)

/* The four kinds of output, by captured and by whether it is stderr. */
static const enum event_type output_events[2][2] = {
	{ EVENT_PROCESS_LOG_STDOUT, EVENT_PROCESS_LOG_STDERR },
	{ EVENT_PROCESS_COMMUNICATION_STDOUT, EVENT_PROCESS_COMMUNICATION_STDERR },
};

/* ---- handing out ---- */

static void dispatch(struct events *events)
{
	for (struct event_pool *pool = events->pools; pool; pool = pool->next)
		event_pool_dispatch(pool);
}

/* Lets every pool that wants it have the event.  Frees the payload. */
static void offer(struct events *events, enum event_type type, struct buf *payload)
{
	struct event *event = NULL;

	if (payload->len > PAYLOAD_MAX)
		log_error("a %s event of %zu bytes is too long for any listener and is lost",
			  event_type_name(type), payload->len);
	else if (!(event = event_new(type, events->serial, payload)))
		log_error("out of memory: a %s event is lost", event_type_name(type));
	buf_done(payload);
	if (!event)
		return;
	events->serial++;
	for (struct event_pool *pool = events->pools; pool; pool = pool->next)
		if (pool->wanted >> type & 1)
			event_pool_accept(pool, event);
	event_unref(event);
}

/* The same, when everything that comes before it is sent. */
static void notify(struct events *events, enum event_type type, struct buf *payload)
{
	if (event_hold_put(&events->hold, type, payload, NULL, 0))
		return;
	offer(events, type, payload);
	dispatch(events);
}

static void send_held(struct event_hold *hold, enum event_type type, struct buf *payload)
{
	offer(container_of(hold, struct events, hold), type, payload);
}

static void sent_held(struct event_hold *hold)
{
	struct events *events = container_of(hold, struct events, hold);

	dispatch(events);
	events->settled(events);
}

static void on_tick(struct ticks *ticks, enum event_type type, int64_t slice)
{
	struct events *events = container_of(ticks, struct events, ticks);
	struct buf payload = { 0 };

	payload_tick(&payload, slice);
	notify(events, type, &payload);
}

/* ---- pools ---- */

void events_count(struct events *events)
{
	events->wanted = 0;
	for (struct event_pool *pool = events->pools; pool; pool = pool->next)
		events->wanted |= pool->wanted;
	ticks_want(&events->ticks, events->wanted);
}

void events_init(struct events *events, const struct process_host *host,
		 void (*settled)(struct events *events))
{
	memset(events, 0, sizeof(*events));
	events->host = host;
	events->settled = settled;
	ticks_init(&events->ticks, host->loop, on_tick);
	event_hold_init(&events->hold, host->loop, host->logs);
	events->hold.send = send_held;
	events->hold.sent = sent_held;
}

void events_done(struct events *events)
{
	if (!events->host)
		return;
	ticks_want(&events->ticks, 0);
	event_hold_done(&events->hold);
	events->host = NULL;
}

void events_join(struct events *events, struct event_pool *pool)
{
	struct event_pool **end = &events->pools;

	while (*end)
		end = &(*end)->next;
	pool->next = NULL;
	*end = pool;
	events_count(events);
}

void events_leave(struct events *events, struct event_pool *pool)
{
	struct event_pool **at = &events->pools;

	while (*at && *at != pool)
		at = &(*at)->next;
	if (*at)
		*at = pool->next;
	events_count(events);
}

/* ---- what happens ---- */

/* The failure that has just led to BACKOFF is not counted yet. */
static unsigned tries(const struct process *process)
{
	return process->backoff + (process->state == PROCESS_BACKOFF && !process->no_fault);
}

static bool is_gone(const struct process *process)
{
	switch (process->state) {
	case PROCESS_RUNNING:
	case PROCESS_STOPPING:
	case PROCESS_UNKNOWN:
		return false;
	default:
		return true;
	}
}

/* Whether somebody hears what comes out of it there. */
static bool is_overheard(const struct events *events, const struct process *process, bool is_err)
{
	const struct config_log *log = is_err ? &process->config->err : &process->config->out;

	if (!process->logs[is_err] || (process->listener && !is_err))
		return false;
	return (log->events_enabled && events_wanted(events, output_events[0][is_err])) ||
	       (log->capture_maxbytes && events_wanted(events, output_events[1][is_err]));
}

/* The streams that a process's end has to wait for. */
static size_t streams_of(const struct events *events, const struct process *process,
			 uint32_t streams[2])
{
	size_t n = 0;

	for (int i = 0; process->pid && is_gone(process) && i < 2; i++)
		if (is_overheard(events, process, i))
			streams[n++] = log_pipe_id(process->logs[i]);
	return n;
}

static void offer_state(struct events *events, const struct process *process,
			enum process_state from)
{
	enum event_type type = state_events[process->state];
	struct buf payload = { 0 };
	uint32_t streams[2];
	size_t n;

	if (!events_wanted(events, type))
		return;
	payload_state(&payload, &(struct state_payload){
					.process = process->config->name,
					.group = process->group,
					.from = from,
					.to = process->state,
					.tries = tries(process),
					.expected = process_exit_expected(process),
					.pid = process->pid,
				});
	n = streams_of(events, process, streams);
	if (!event_hold_put(&events->hold, type, &payload, streams, n))
		offer(events, type, &payload);
}

/* The order is supervisord's: what a listener has said before its death counts, then comes the news
 * of it, and the event that it had is the next for the others. */
void events_process(struct events *events, struct process *process, enum process_state from)
{
	struct event_listener *listener = process->listener;
	struct pool_event entry = { 0 };

	if (listener && is_gone(process))
		entry = event_listener_close(listener);
	offer_state(events, process, from);
	if (entry.event)
		event_pool_return(listener->pool, entry);
	dispatch(events);
}

void events_group(struct events *events, const char *group, bool added)
{
	enum event_type type = added ? EVENT_PROCESS_GROUP_ADDED : EVENT_PROCESS_GROUP_REMOVED;
	struct buf payload = { 0 };

	if (!events_wanted(events, type))
		return;
	payload_group(&payload, group);
	notify(events, type, &payload);
}

void events_supervisor(struct events *events, bool running)
{
	enum event_type type = running ? EVENT_SUPERVISOR_STATE_CHANGE_RUNNING
				       : EVENT_SUPERVISOR_STATE_CHANGE_STOPPING;
	struct buf payload = { 0 };

	if (events_wanted(events, type))
		notify(events, type, &payload);
}

void events_remote(struct events *events, const char *type, const char *data, size_t len)
{
	struct buf payload = { 0 };

	if (!events_wanted(events, EVENT_REMOTE_COMMUNICATION))
		return;
	payload_remote(&payload, type, data, len);
	notify(events, EVENT_REMOTE_COMMUNICATION, &payload);
}

void events_output(struct events *events, const struct process *process, bool is_err,
		   const struct log_data *data)
{
	const char *channel = is_err ? "stderr" : "stdout";
	bool captured = data->captured != 0;
	enum event_type type = output_events[captured][is_err];
	const struct config_log *log = is_err ? &process->config->err : &process->config->out;
	struct buf payload = { 0 };

	if ((!captured && !log->events_enabled) || !events_wanted(events, type))
		return;
	payload_output(&payload, process->config->name, process->group,
		       data->pid ? (pid_t)data->pid : process->pid, captured ? NULL : channel);
	payload_bytes(&payload, data->data, data->len);
	offer(events, type, &payload);
	dispatch(events);
}
