/* recycle.h - replaces processes that have served long enough, a few at a time, new ones first.
 * Runs in: supervisor.
 *
 * What is long enough is due.h's; how one takes another's place is replace.h's.  A timer runs only
 * while a program with such a limit has a process that runs; it is set for when the next one can be
 * due, so an age costs one wake-up, and requests and memory one every few seconds at most.
 *
 *   RUNNING ──due──► replacement STARTING ──ready──► it has the slot, the old one is stopped
 *                            └──failed──► the old one goes on; again after a back-off */
#ifndef SUPERVISOR_RECYCLE_H
#define SUPERVISOR_RECYCLE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct groups;
struct meter;
struct process;
struct recycle_job;
struct replaces;
struct rollouts;
struct zygotes;

/* What the recycler remembers of a process; embedded in it. */
struct recycling {
	int64_t started_us; /* of the start that the rest is of */
	double jitter;
	uint64_t requests; /* when it was looked at last */
	int64_t looked_us; /* CLOCK_MONOTONIC, as the others */
	unsigned failures; /* replacements in a row that came to nothing */
	int64_t not_before_us;
};

/* Embedded in the supervisor. */
struct recycle {
	struct ev_loop *loop; /* borrowed, as the next five */
	const struct groups *groups;
	const struct zygotes *zygotes;
	struct replaces *replaces;
	const struct rollouts *rollouts;
	struct meter *meter;
	struct recycle_job *jobs; /* owned: replacements under way */
	ev_timer timer;
	bool off; /* nothing is begun any more */
};

/* Takes `parts` over: the borrowed ones are set. */
void recycle_init(struct recycle *recycle, const struct recycle *parts);
void recycle_done(struct recycle *recycle); /* after replaces_done() */

void recycle_stop(struct recycle *recycle); /* we are shutting down */

/* A process has changed its state; or, NULL: limits may be other ones. */
void recycle_changed(struct recycle *recycle, const struct process *process);

#endif
