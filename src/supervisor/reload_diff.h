/* reload_diff.h - what a new configuration means for a group and its processes.
 * Runs in: supervisor.  Changes nothing. */
#ifndef SUPERVISOR_RELOAD_DIFF_H
#define SUPERVISOR_RELOAD_DIFF_H

#include "config/config_compare.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_group;
struct config_process;
struct config_program;
struct group;
struct process;

/* A process of a configuration's group; zeroed: there is none of that name. */
struct reload_source {
	const struct config *base; /* what the others are of */
	const struct config_program *program;
	const struct config_process *config;
};
struct reload_source reload_find(const struct config *config, const struct config_group *group,
				 const char *process);
size_t reload_count(const struct config *config, const struct config_group *group);

/* What it takes to make the process what `source` says.  As with supervisord, what [supervisord]
 * says of the environment is for what is added from now on. */
enum config_change reload_compare(const struct process *process,
				  const struct reload_source *source);

/* Whether anything of the group is different. */
bool reload_differs(const struct group *group, const struct config *config,
		    const struct config_group *its);

/* Whether only the whole group can be exchanged: all processes of an event listener share what
 * waits for them, unless only values change that a pool takes as it runs. */
bool reload_is_whole(const struct group *group, const struct config *config,
		     const struct config_group *its);

#endif
