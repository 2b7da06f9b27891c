/* ticks.c - see ticks.h. */
#include "supervisor/ticks.h"

#include "base/util.h"

#include <stdbool.h>

int64_t tick_slice(double now, int period)
{
	int64_t seconds = (int64_t)now - (now < (double)(int64_t)now);
	int64_t rest = seconds % period;

	return seconds - (rest < 0 ? rest + period : rest);
}

double tick_next(int64_t told, double now, int period)
{
	int64_t slice = tick_slice(now, period);

	return slice != told ? now : (double)(slice + period);
}

/* libev asks this when the timer has fired, and also when it has seen that the clock was set. */
static ev_tstamp reschedule(ev_periodic *timer, ev_tstamp now)
{
	struct tick *tick = container_of(timer, struct tick, timer);

	return tick_next(tick->slice, now, tick->period);
}

static void on_tick(struct ev_loop *loop, ev_periodic *timer, int events)
{
	struct tick *tick = container_of(timer, struct tick, timer);
	int64_t slice = tick_slice(ev_now(loop), tick->period);
	bool new = slice != tick->slice;

	(void)events;
	tick->slice = slice;
	ev_periodic_again(loop, timer);
	if (new)
		tick->ticks->due(tick->ticks, tick->type, slice);
}

void ticks_init(struct ticks *ticks, struct ev_loop *loop,
		void (*due)(struct ticks *ticks, enum event_type type, int64_t slice))
{
	static const struct {
		enum event_type type;
		int period;
	} periods[] = { { EVENT_TICK_5, 5 }, { EVENT_TICK_60, 60 }, { EVENT_TICK_3600, 3600 } };
	_Static_assert(ARRAY_LEN(periods) == TICKS, "a timer for every tick");

	ticks->loop = loop;
	ticks->due = due;
	for (int i = 0; i < TICKS; i++) {
		struct tick *tick = &ticks->all[i];

		tick->ticks = ticks;
		tick->type = periods[i].type;
		tick->period = periods[i].period;
		ev_periodic_init(&tick->timer, on_tick, 0., 0., reschedule);
	}
}

void ticks_want(struct ticks *ticks, uint32_t wanted)
{
	for (int i = 0; i < TICKS; i++) {
		struct tick *tick = &ticks->all[i];
		bool on = wanted >> tick->type & 1;

		if (on && !ev_is_active(&tick->timer)) {
			ev_now_update(ticks->loop);
			tick->slice = tick_slice(ev_now(ticks->loop), tick->period);
			ev_periodic_start(ticks->loop, &tick->timer);
		} else if (!on) {
			ev_periodic_stop(ticks->loop, &tick->timer);
		}
	}
}
