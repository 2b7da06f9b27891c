/* due.h - whether a process has served long enough: maxage, maxuss, maxpss, maxrss, max_requests.
 * Runs in: supervisor.  Pure. */
#ifndef SUPERVISOR_DUE_H
#define SUPERVISOR_DUE_H

#include "ipc/metrics_messages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_program;

/* What is known of it. */
struct due {
	double jitter; /* its share of recycle_jitter, from 0 up to 1: drawn at its start */
	uint64_t age_us;
	bool measured; /* whether there are the next three */
	uint64_t uss, pss, rss;
	uint64_t requests;
	double requests_per_second; /* lately */
};

/* Memory is measured so often, in seconds, and requests are looked at no less often while there are
 * any to come. */
#define DUE_SECONDS 5.
#define DUE_SECONDS_MIN .25

/* Whether any of these keys is set; whether one of memory is. */
bool due_has_limits(const struct config_program *program);
bool due_has_memory(const struct config_program *program);

/* Why it is due; RECYCLE_NREASONS: it is not. */
enum recycle_reason due_reason(const struct config_program *program, const struct due *due);

/* The same for people: "private memory of 312 MB is over maxuss = 300 MB". */
void due_text(const struct config_program *program, const struct due *due,
	      enum recycle_reason reason, char *text, size_t size);

/* How many seconds later to look again, at one that is not due; below 0: never. */
double due_next(const struct config_program *program, const struct due *due);

#endif
