/* limits.h - the resource limits, niceness and OOM score of a program: carried out and explained.
 * Runs in: supervisor, and in its children before they exec. */
#ifndef SUPERVISOR_LIMITS_H
#define SUPERVISOR_LIMITS_H

#include <stddef.h>
#include <sys/types.h>

struct config_program;
struct error;

enum limits_step { LIMITS_OOM, LIMITS_NICE, LIMITS_RLIMIT };

/* What could not be set; plain values, so that a child can hand it to its parent. */
struct limits_failure {
	int step;     /* enum limits_step */
	int error;    /* errno */
	size_t index; /* of the rlimit */
};

/* Sets them for `pid`, or for the caller if it is 0.  0, or -1 with *failure.  Async-signal-safe.
 */
int limits_apply(const struct config_program *program, pid_t pid, struct limits_failure *failure);

/* What failed, why, and what to do about it. */
void limits_explain(const struct config_program *program, const struct limits_failure *failure,
		    struct error *err);

#endif
