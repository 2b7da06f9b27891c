/* hook.h - a command that is run around a start: a child of its own, with a limit of time.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_HOOK_H
#define SUPERVISOR_HOOK_H

#include "supervisor/reaper.h"

#include <ev.h>
#include <stdbool.h>
#include <sys/types.h>

struct error;
struct hook;
struct launch;

/* Embedded; zeroed and hook_init(). */
struct hook {
	struct ev_loop *loop; /* borrowed, as the next one */
	struct reaper *reaper;
	pid_t pid; /* 0: none */
	struct reaper_watch watch;
	ev_timer timer; /* TERM is due, then KILL */
	unsigned grace; /* seconds between them */
	bool told;      /* it has had its TERM */
	bool late;      /* because of the time */

	/* set by its owner after hook_init(), if at all */
	const char *limit; /* what allows the time, for people; NULL: hooksecs */
	bool sweeps;       /* what is left of its process group is killed when it has ended */

	/* It has ended: NULL, or why that is a failure ("exited with status 3").  Another one may
	 * be started from within. */
	void (*done)(struct hook *hook, const char *failure);
};

void hook_init(struct hook *hook, struct ev_loop *loop, struct reaper *reaper);

/* Forgets it; if it runs, it goes on without anybody. */
void hook_done(struct hook *hook);

/* Starts it; it may take `seconds` (0: any time), and `grace` seconds more to obey TERM.  0, or
 * -errno with err. */
int hook_start(struct hook *hook, const struct launch *what, unsigned seconds, unsigned grace,
	       struct error *err);
bool hook_is_active(const struct hook *hook);

/* Ends it before its time, with TERM or KILL for its process group; done() follows. */
void hook_end(struct hook *hook);
void hook_kill(struct hook *hook);

#endif
