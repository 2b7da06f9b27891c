/* event_hold.c - see event_hold.h. */
#include "supervisor/event_hold.h"

#include "base/log.h"
#include "base/util.h"
#include "supervisor/logs.h"

#include <stdlib.h>
#include <string.h>

#define STREAMS 2

struct held_event {
	struct held_event *next;
	struct event_hold *hold; /* borrowed */
	enum event_type type;
	struct buf payload;
	struct hold_job {
		struct log_job job;
		struct held_event *event; /* borrowed */
	} jobs[STREAMS];
	unsigned waits; /* jobs that are not done */
};

static void release(struct event_hold *hold, struct held_event *held)
{
	for (int i = 0; i < STREAMS; i++)
		logs_cancel(hold->logs, &held->jobs[i].job);
	buf_done(&held->payload);
	free(held);
}

static struct held_event *take_first(struct event_hold *hold)
{
	struct held_event *held = hold->first;

	hold->first = held->next;
	if (!hold->first)
		hold->last = NULL;
	hold->n--;
	return held;
}

/* Sends from the front what may go; all: whether it may or not. */
static void send_ready(struct event_hold *hold, bool all)
{
	while (hold->first && (all || hold->first->waits == 0)) {
		struct held_event *held = take_first(hold);

		hold->send(hold, held->type, &held->payload);
		release(hold, held);
		ev_timer_again(hold->loop, &hold->timer); /* it goes on */
	}
	if (!hold->first)
		ev_timer_stop(hold->loop, &hold->timer);
	hold->sent(hold);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct event_hold *hold = container_of(timer, struct event_hold, timer);

	(void)loop;
	(void)events;
	log_warn("the logger has not told what ended processes wrote, in %d s; their events go "
		 "without",
		 (int)EVENT_HOLD_SECONDS);
	send_ready(hold, true);
}

/* Whether it worked or not: there is nothing more to wait for. */
static void in_step(struct log_job *job, int error, const char *why, int fd)
{
	struct held_event *held = container_of(job, struct hold_job, job)->event;

	(void)error;
	(void)why;
	(void)fd;
	held->waits--;
	send_ready(held->hold, false);
}

void event_hold_init(struct event_hold *hold, struct ev_loop *loop, struct logs *logs)
{
	hold->loop = loop;
	hold->logs = logs;
	hold->first = hold->last = NULL;
	hold->n = 0;
	ev_init(&hold->timer, on_timer);
	hold->timer.repeat = EVENT_HOLD_SECONDS;
}

void event_hold_done(struct event_hold *hold)
{
	while (hold->first)
		release(hold, take_first(hold));
	ev_timer_stop(hold->loop, &hold->timer);
}

static void append(struct event_hold *hold, struct held_event *held)
{
	if (hold->last) {
		hold->last->next = held;
	} else {
		hold->first = held;
		ev_now_update(hold->loop);
		ev_timer_again(hold->loop, &hold->timer);
	}
	hold->last = held;
	hold->n++;
}

bool event_hold_put(struct event_hold *hold, enum event_type type, struct buf *payload,
		    const uint32_t *streams, size_t nstreams)
{
	struct held_event *held = NULL;

	if (!hold->first && nstreams == 0)
		return false;
	if (hold->n < EVENT_HOLD_MAX)
		held = calloc(1, sizeof(*held));
	if (!held) { /* better early than never */
		send_ready(hold, true);
		return false;
	}
	held->hold = hold;
	held->type = type;
	held->payload = *payload;
	memset(payload, 0, sizeof(*payload));
	append(hold, held);
	for (size_t i = 0; i < nstreams; i++) {
		held->jobs[i].event = held;
		held->jobs[i].job.done = in_step;
		held->waits++;
		logs_sync(hold->logs, streams[i], &held->jobs[i].job);
	}
	return true;
}
