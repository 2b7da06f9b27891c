/* reaper.h - the one place where children are waited for.
 * Runs in: supervisor.
 *
 * As a subreaper we get three kinds of dead children: those that are watched; workers that a zygote
 * has forked but has not told us about yet, whose status is kept for a moment; and orphans, which
 * are only buried.  Nothing here allocates. */
#ifndef SUPERVISOR_REAPER_H
#define SUPERVISOR_REAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ev_loop;

#define REAPER_BUCKETS 256
#define REAPER_KEPT 128

/* Embedded in whatever owns a child.  dead() is called once, when the child is dead but not reaped
 * yet: its pid and its process group are still its own, so that the group can be signalled safely.
 * The watch is off by then.  `status` is wait(2)'s. */
struct reaper_watch {
	struct reaper_watch *next;
	pid_t pid; /* 0: off */
	void (*dead)(struct reaper_watch *watch, int status);
};

struct reaper {
	struct reaper_watch *buckets[REAPER_BUCKETS]; /* borrowed */
	struct {
		pid_t pid;
		int status;
	} kept[REAPER_KEPT]; /* statuses of pids that nobody watched, a ring */
	size_t nkept;        /* ever written */
	unsigned expecting;  /* spawn replies that are outstanding */
};

void reaper_init(struct reaper *reaper);

/* Watches a child of ours: 0.  -ESRCH: it has died already and its status is in *ret_status (then
 * the watch is off and dead() will not be called).  -ECHILD: that pid is no child of ours, or is
 * watched already: whoever named it is not to be believed. */
int reaper_watch(struct reaper *reaper, struct reaper_watch *watch, pid_t pid, int *ret_status);
void reaper_unwatch(struct reaper *reaper, struct reaper_watch *watch);

/* While at least one reply is expected, statuses of unknown pids are kept. */
void reaper_expect(struct reaper *reaper);
void reaper_expect_done(struct reaper *reaper);

/* Reaps everybody who is dead: call it on SIGCHLD. */
void reaper_run(struct reaper *reaper);

#endif
