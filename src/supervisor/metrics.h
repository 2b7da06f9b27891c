/* metrics.h - what is counted of processes: starts, ends by reason, restarts, latencies.
 * Runs in: supervisor.  Allocates nothing: it is called while children are reaped.
 *
 * Everything only grows, from 0 at the supervisor's start or, of one process, when it was
 * configured; who reads it has to cope with its beginning again. */
#ifndef SUPERVISOR_METRICS_H
#define SUPERVISOR_METRICS_H

#include "base/histogram.h"
#include "ipc/metrics_messages.h"
#include "supervisor/process_state.h"

#include <stdbool.h>
#include <stdint.h>

/* Of the whole; embedded in the supervisor. */
struct metrics {
	struct histogram forks[FORK_NKINDS]; /* from the wish to a process that runs */
	struct histogram respawns;           /* from a death to the next process that runs */
};

/* Of one process; embedded in it, zeroed at first. */
struct process_counters {
	uint64_t starts; /* that led to a pid */
	uint64_t ends[END_NREASONS];
	uint64_t restarts[END_NREASONS];
	uint64_t recycled[RECYCLE_NREASONS];
	enum process_end last;
	int64_t asked_us; /* CLOCK_MONOTONIC, as all; when it was last asked for */
	int64_t died_us;  /* 0: it is not dead, or is not missed */
};

/* A change of state, and what was known of the process just then. */
struct metrics_change {
	enum process_state from, to;
	int64_t now_us;
	int status;    /* wait(2)'s; if it has died */
	bool had_pid;  /* there was a process */
	bool expected; /* the status is one of exitcodes */
	bool restarts; /* EXITED: it was to be started again by itself */
};

void metrics_changed(struct process_counters *counters, const struct metrics_change *change);

/* It goes on where the one that had its slot before ends: replace.h. */
void metrics_inherit(struct process_counters *counters, const struct process_counters *before);

/* A start was asked for, and then: it runs. */
void metrics_asked(struct process_counters *counters, int64_t now_us);
void metrics_started(struct metrics *metrics, struct process_counters *counters,
		     enum fork_kind kind, int64_t now_us);

#endif
