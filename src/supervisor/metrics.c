/* metrics.c - see metrics.h. */
#include "supervisor/metrics.h"

#include <sys/wait.h>

static enum process_end reason_of(const struct metrics_change *change)
{
	if (WIFSIGNALED(change->status))
		return END_SIGNAL;
	return change->expected ? END_EXPECTED : END_UNEXPECTED;
}

static void count_end(struct process_counters *counters, enum process_end reason)
{
	counters->ends[reason]++;
	counters->last = reason;
}

/* Of a start that fails again and again, what counts is since when the process is missed. */
static void miss(struct process_counters *counters, const struct metrics_change *change)
{
	if (change->had_pid && !counters->died_us)
		counters->died_us = change->now_us;
}

static void starts(struct process_counters *counters, const struct metrics_change *change)
{
	bool again = change->from == PROCESS_BACKOFF ||
		     (change->from == PROCESS_EXITED && change->restarts);

	if (again)
		counters->restarts[counters->last]++;
	else
		counters->died_us = 0; /* somebody has started it: nobody has missed it */
}

void metrics_changed(struct process_counters *counters, const struct metrics_change *change)
{
	switch (change->to) {
	case PROCESS_EXITED:
		if (change->from != PROCESS_RUNNING) /* a planned restart was called off */
			break;
		count_end(counters, reason_of(change));
		miss(counters, change);
		break;
	case PROCESS_BACKOFF:
		count_end(counters, END_FAILED_START);
		miss(counters, change);
		break;
	case PROCESS_STOPPED:
		if (change->had_pid)
			count_end(counters, END_STOPPED);
		counters->died_us = 0;
		break;
	case PROCESS_STARTING:
		starts(counters, change);
		break;
	default:
		break;
	}
}

void metrics_inherit(struct process_counters *counters, const struct process_counters *before)
{
	uint64_t starts = counters->starts;

	*counters = *before;
	counters->starts += starts;
	counters->died_us = 0;
}

void metrics_asked(struct process_counters *counters, int64_t now_us)
{
	counters->asked_us = now_us;
}

void metrics_started(struct metrics *metrics, struct process_counters *counters,
		     enum fork_kind kind, int64_t now_us)
{
	counters->starts++;
	histogram_add(&metrics->forks[kind], now_us - counters->asked_us);
	if (counters->died_us)
		histogram_add(&metrics->respawns, now_us - counters->died_us);
	counters->died_us = 0;
}
