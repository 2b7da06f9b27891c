/* ticks.h - TICK_5, TICK_60 and TICK_3600: wall-clock time's slices, as supervisord counts them.
 * Runs in: supervisor.  Only what is subscribed to has a timer, so that nobody is woken up for
 * nothing. */
#ifndef SUPERVISOR_TICKS_H
#define SUPERVISOR_TICKS_H

#include "config/event_types.h"

#include <ev.h>
#include <stdint.h>

#define TICKS 3

struct ticks;

struct tick {
	ev_periodic timer;
	struct ticks *ticks;
	enum event_type type;
	int period;    /* seconds */
	int64_t slice; /* the last one that was told: seconds since the epoch, a multiple of period
			*/
};

struct ticks {
	struct ev_loop *loop; /* borrowed */
	struct tick all[TICKS];
	void (*due)(struct ticks *ticks, enum event_type type, int64_t slice);
};

void ticks_init(struct ticks *ticks, struct ev_loop *loop,
		void (*due)(struct ticks *ticks, enum event_type type, int64_t slice));
void ticks_want(struct ticks *ticks, uint32_t wanted); /* bits of event types */

/* The slice that a moment is in. */
int64_t tick_slice(double now, int period);

/* When to look again: the next slice's begin; or now, if the clock was set so that another slice
 * than the one told last is there already. */
double tick_next(int64_t told, double now, int period);

#endif
