/* sampler.h - samples of all processes and zygotes, taken when somebody asks for them.
 * Runs in: supervisor.
 *
 * A sample costs little, a thousand of them do not: so a round takes SAMPLER_SLICE in each turn of
 * the loop, and everything else goes on between.  Whoever asks while a round is under way gets what
 * that one finds. */
#ifndef SUPERVISOR_SAMPLER_H
#define SUPERVISOR_SAMPLER_H

#include "supervisor/walk.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#define SAMPLER_SLICE 32     /* below a millisecond */
#define SAMPLER_FRESH_MS 100 /* what is not older is good enough: rounds do not pile up */

/* Embedded in whoever waits for a round.  done() is called once, and may free it. */
struct sampler_wait {
	struct sampler_wait *next;
	void (*done)(struct sampler_wait *wait);
};

struct sampler {
	struct ev_loop *loop; /* borrowed */
	struct walk walk;
	ev_timer timer;             /* active: a round is under way */
	struct sampler_wait *waits; /* borrowed */
	int64_t done_ms;            /* when the last round ended; CLOCK_MONOTONIC; 0: never */
};

void sampler_init(struct sampler *sampler, struct ev_loop *loop, const struct walk *all);
void sampler_done(struct sampler *sampler);

bool sampler_is_fresh(const struct sampler *sampler); /* there is nothing to wait for */
void sampler_wait(struct sampler *sampler, struct sampler_wait *wait);
void sampler_unwait(struct sampler *sampler, struct sampler_wait *wait);

#endif
