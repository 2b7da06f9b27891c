/* due.c - see due.h. */
#include "supervisor/due.h"

#include "config/config.h"

#include <inttypes.h>
#include <stdio.h>

bool due_has_memory(const struct config_program *program)
{
	return program->maxuss || program->maxpss || program->maxrss;
}

bool due_has_limits(const struct config_program *program)
{
	return program->maxage || program->max_requests || due_has_memory(program);
}

/* The jitter only ever takes away: what is configured is never exceeded for its sake. */
static double less(const struct config_program *program, const struct due *due, double limit)
{
	return limit * (1. - due->jitter * program->recycle_jitter / 100.);
}

static double age_limit_us(const struct config_program *program, const struct due *due)
{
	return less(program, due, program->maxage * 1e6);
}

static uint64_t request_limit(const struct config_program *program, const struct due *due)
{
	uint64_t limit = (uint64_t)less(program, due, program->max_requests);

	return limit ? limit : 1;
}

static bool is_over(const struct due *due, uint64_t limit, uint64_t bytes)
{
	return limit && due->measured && bytes > limit;
}

enum recycle_reason due_reason(const struct config_program *program, const struct due *due)
{
	if (is_over(due, program->maxuss, due->uss))
		return RECYCLE_MAXUSS;
	if (is_over(due, program->maxpss, due->pss))
		return RECYCLE_MAXPSS;
	if (is_over(due, program->maxrss, due->rss))
		return RECYCLE_MAXRSS;
	if (program->max_requests && due->requests >= request_limit(program, due))
		return RECYCLE_MAX_REQUESTS;
	if (program->maxage && (double)due->age_us >= age_limit_us(program, due))
		return RECYCLE_MAXAGE;
	return RECYCLE_NREASONS;
}

static void memory_text(char *text, size_t size, const char *what, uint64_t bytes, const char *key,
			uint64_t limit)
{
	const double mb = 1 << 20; /* as the file counts */

	snprintf(text, size, "%s of %.1f MB is over %s = %.1f MB", what, (double)bytes / mb, key,
		 (double)limit / mb);
}

void due_text(const struct config_program *program, const struct due *due,
	      enum recycle_reason reason, char *text, size_t size)
{
	switch (reason) {
	case RECYCLE_MAXUSS:
		memory_text(text, size, "private memory", due->uss, "maxuss", program->maxuss);
		return;
	case RECYCLE_MAXPSS:
		memory_text(text, size, "memory with its part of what is shared", due->pss,
			    "maxpss", program->maxpss);
		return;
	case RECYCLE_MAXRSS:
		memory_text(text, size, "memory with all that is shared", due->rss, "maxrss",
			    program->maxrss);
		return;
	case RECYCLE_MAX_REQUESTS:
		snprintf(text, size,
			 "%" PRIu64 " requests are done, max_requests = %u, with jitter %" PRIu64,
			 due->requests, (unsigned)program->max_requests,
			 request_limit(program, due));
		return;
	case RECYCLE_MAXAGE:
		snprintf(text, size, "it has run for %.1f s, maxage = %u, with jitter %.1f",
			 (double)due->age_us / 1e6, (unsigned)program->maxage,
			 age_limit_us(program, due) / 1e6);
		return;
	default:
		snprintf(text, size, "it is not due");
	}
}

static double soonest(double a, double b)
{
	return a < 0. || b < a ? b : a;
}

/* When it will have done enough, if it goes on as it does. */
static double until_requests(const struct config_program *program, const struct due *due)
{
	double left = (double)request_limit(program, due) - (double)due->requests;
	double seconds = DUE_SECONDS;

	if (due->requests_per_second * DUE_SECONDS > left)
		seconds = left / due->requests_per_second;
	return seconds < DUE_SECONDS_MIN ? DUE_SECONDS_MIN : seconds;
}

double due_next(const struct config_program *program, const struct due *due)
{
	double next = -1.;

	if (program->maxage) {
		double left = (age_limit_us(program, due) - (double)due->age_us) / 1e6;

		next = left > 0. ? left : 0.;
	}
	if (program->max_requests)
		next = soonest(next, until_requests(program, due));
	if (due_has_memory(program))
		next = soonest(next, DUE_SECONDS);
	return next;
}
