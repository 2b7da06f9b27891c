/* progress.h - how far all processes are, counted: is everything up that will come up?
 * Runs in: supervisor.  Pure: asks only. */
#ifndef SUPERVISOR_PROGRESS_H
#define SUPERVISOR_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct groups;
struct process;

enum outlook {
	OUTLOOK_RUNNING,
	OUTLOOK_STARTING, /* its first attempt is under way */
	OUTLOOK_FAILING,  /* an attempt has failed, and there will be another one */
	OUTLOOK_WAITING,  /* for others that it depends on, and that do not run */
	OUTLOOK_FAILED,   /* for good, unless a person does something */
	OUTLOOK_STOPPING,
	OUTLOOK_EXITED, /* as it may */
	OUTLOOK_IDLE,   /* nobody wants it to run */
	OUTLOOKS
};

enum outlook progress_of(const struct groups *groups, const struct process *process);

struct progress {
	size_t all;
	size_t count[OUTLOOKS];
	size_t patient; /* of those STARTING: they may take as long as they like (readysecs = 0) */
	bool stoppable; /* one that is not down has not been sent SIGKILL, so it may yet obey */
};

struct progress progress_count(const struct groups *groups);

/* Nothing gets better by waiting; or only for those that have failed before or have no deadline, if
 * these may be passed over.  Who waits for others waits in vain when none of those is on its way.
 */
bool progress_is_settled(const struct progress *progress, bool pass_over);

/* "5 processes: 3 running, 1 starting (web:web_1), 1 FATAL (redis)": who is not as it ought to be
 * is named, the first few of them. */
void progress_text(struct buf *text, const struct groups *groups);

#endif
