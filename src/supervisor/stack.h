/* stack.h - asks a worker's zygote program what each of the worker's threads is doing.
 * Runs in: supervisor.  Traces nobody itself: a child does, as the zygote's user. */
#ifndef SUPERVISOR_STACK_H
#define SUPERVISOR_STACK_H

#include "supervisor/hook.h"

#include <stddef.h>

struct error;
struct ev_loop;
struct process;
struct reaper;

/* Embedded; zeroed and stack_job_init(). */
struct stack_job {
	struct hook hook;
	int output; /* owned: a memfd; -1 */

	/* It has ended.  failure NULL: `text` is the dump; else why there is none, with what was
	 * said about it.  Both are borrowed. */
	void (*done)(struct stack_job *job, const char *failure, const char *text);
};

void stack_job_init(struct stack_job *job, struct ev_loop *loop, struct reaper *reaper);
void stack_job_done(struct stack_job *job); /* no done() any more; what runs ends by itself */

/* For a worker that runs: 0, and done() follows within seconds.  -errno with err: it is no worker
 * of a zygote, or the child cannot be started. */
int stack_job_start(struct stack_job *job, const struct process *process, struct error *err);

#endif
