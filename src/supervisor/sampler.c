/* sampler.c - see sampler.h. */
#include "supervisor/sampler.h"

#include "base/clock.h"
#include "base/util.h"
#include "supervisor/sample.h"

#include <string.h>

static void finish(struct sampler *sampler)
{
	struct sampler_wait *waits = sampler->waits, *next;

	ev_timer_stop(sampler->loop, &sampler->timer);
	sampler->done_ms = clock_ms();
	sampler->waits = NULL;
	for (; waits; waits = next) {
		next = waits->next;
		waits->done(waits);
	}
}

/* What cannot be read has died just now: its next one has another pid than the old sample. */
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct sampler *sampler = container_of(timer, struct sampler, timer);
	struct walk_item item;

	(void)loop;
	(void)events;
	for (unsigned i = 0; i < SAMPLER_SLICE; i++, walk_step(&sampler->walk)) {
		if (!walk_find(&sampler->walk, &item)) {
			finish(sampler);
			return;
		}
		(void)sample_read(item.pid, item.sample);
	}
	ev_timer_set(&sampler->timer, 0., 0.);
	ev_timer_start(sampler->loop, &sampler->timer);
}

void sampler_init(struct sampler *sampler, struct ev_loop *loop, const struct walk *all)
{
	memset(sampler, 0, sizeof(*sampler));
	sampler->loop = loop;
	sampler->walk = *all;
	ev_init(&sampler->timer, on_timer);
}

void sampler_done(struct sampler *sampler)
{
	if (sampler->loop)
		ev_timer_stop(sampler->loop, &sampler->timer);
}

bool sampler_is_fresh(const struct sampler *sampler)
{
	return sampler->done_ms && clock_ms() - sampler->done_ms < SAMPLER_FRESH_MS;
}

void sampler_wait(struct sampler *sampler, struct sampler_wait *wait)
{
	wait->next = sampler->waits;
	sampler->waits = wait;
	if (ev_is_active(&sampler->timer))
		return;
	walk_begin(&sampler->walk);
	ev_timer_set(&sampler->timer, 0., 0.);
	ev_timer_start(sampler->loop, &sampler->timer);
}

void sampler_unwait(struct sampler *sampler, struct sampler_wait *wait)
{
	struct sampler_wait **at = &sampler->waits;

	while (*at && *at != wait)
		at = &(*at)->next;
	if (*at)
		*at = wait->next;
}
