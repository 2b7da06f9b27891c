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
struct process;
struct process_host;
struct zygote_link;

struct group {
	const struct config_group *config; /* borrowed */
	struct process **processes;        /* owned; by (program priority, name) */
	size_t n;
};

/* Makes the processes, all STOPPED.  `zygotes` has config->nzygotes links in the order of the
 * configuration.  0, or -1 with err and *group empty. */
int group_init(struct group *group, const struct config *config, const struct config_group *its,
	       struct process_host *host, struct zygote_link *zygotes, struct error *err);
void group_done(struct group *group);

void group_start(struct group *group); /* those with autostart, in order */
void group_stop(struct group *group);  /* all, in reverse order, without waiting */
void group_kill(struct group *group);  /* what is left, with SIGKILL */

/* Starts nothing any more: planned restarts are forgotten, what has no pid yet is stopped. */
void group_calm(struct group *group);

bool group_is_down(const struct group *group);
void group_list_alive(const struct group *group, struct buf *names); /* appends "a, b" */

#endif
