/* group.h - processes that are started and stopped together, in the order of their priorities.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_GROUP_H
#define SUPERVISOR_GROUP_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct config;
struct config_group;
struct error;
struct event_pool;
struct process;
struct process_host;
struct zygotes;

struct group {
	char *name;                        /* owned */
	struct config *base;               /* one reference: what config points into */
	const struct config_group *config; /* borrowed from base */
	struct process **processes;        /* owned; by (program priority, name) */
	size_t n;
	struct event_pool *pool; /* owned; NULL: no [eventlistener:*] */
	bool leaving;            /* it is removed when it is down: reload_update.c */
	size_t turn;             /* which process recycle.c looks at first */
};

/* Makes the processes of base's group `its`, all STOPPED.  Their zygotes must be among `zygotes`.
 * NULL with err. */
struct group *group_new(struct config *base, const struct config_group *its,
			struct process_host *host, const struct zygotes *zygotes,
			struct error *err);
void group_free(struct group *group); /* signals nothing; NULL is legal */

struct process *group_find(const struct group *group, const char *process); /* or NULL */

/* Takes one more process.  0 or -ENOMEM, then it is still the caller's. */
int group_insert(struct group *group, struct process *process);
void group_sort(struct group *group); /* after a change of priorities */

void group_start(struct group *group); /* those with autostart, in order */
void group_stop(struct group *group);  /* all, in reverse order, without waiting */
void group_kill(struct group *group);  /* what is left, with SIGKILL */

/* Starts nothing any more: planned restarts are forgotten, what has no pid yet is stopped. */
void group_calm(struct group *group);

bool group_is_down(const struct group *group);
void group_list_alive(const struct group *group, struct buf *names); /* appends "a, b" */

#endif
