/* depends.c - see depends.h. */
#include "supervisor/depends.h"

#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"

#include <stdio.h>

static bool is_named(const char *name, const struct group *group, const struct process *process)
{
	return config_is_named(name, group->config, process->program);
}

/* What of it will not run unless somebody does something, or NULL. */
static const char *why_stuck(const struct process *process)
{
	switch (process->state) {
	case PROCESS_STOPPED:
	case PROCESS_STOPPING:
	case PROCESS_FATAL:
	case PROCESS_UNKNOWN:
		return process_state_name(process->state);
	case PROCESS_EXITED:
		return process->restarts ? NULL : process_state_name(process->state);
	default:
		return NULL;
	}
}

/* Whether all that a name means is RUNNING; else what is worst about it. */
static bool is_running(const struct groups *groups, const char *name, const char **ret_stuck)
{
	bool found = false, running = true;

	*ret_stuck = NULL;
	for (size_t i = 0; i < groups->n; i++) {
		const struct group *group = groups->all[i];

		for (size_t k = 0; k < group->n; k++) {
			const struct process *process = group->processes[k];

			if (!is_named(name, group, process))
				continue;
			found = true;
			if (process->state == PROCESS_RUNNING && !process_is_unfit(process))
				continue;
			if (demand_is_asleep(process)) /* it answers whoever comes */
				continue;
			running = false;
			if (!*ret_stuck || process->state == PROCESS_FATAL)
				*ret_stuck = why_stuck(process);
		}
	}
	if (!found)
		*ret_stuck = "not there";
	return found && running;
}

bool depends_met(const struct groups *groups, const struct process *process, char *note,
		 size_t size)
{
	char **names = process->program->depends_on;

	for (size_t i = 0; names && names[i]; i++) {
		const char *stuck;

		if (is_running(groups, names[i], &stuck))
			continue;
		if (stuck)
			snprintf(note, size, "waiting for %s, which is %s", names[i], stuck);
		else
			snprintf(note, size, "waiting for %s", names[i]);
		return false;
	}
	return true;
}

static bool depends_on(const struct process *process, const struct group *group,
		       const struct process *other)
{
	char **names = process->program->depends_on;

	for (size_t i = 0; names && names[i]; i++)
		if (is_named(names[i], group, other))
			return true;
	return false;
}

static const struct group *group_of(const struct groups *groups, const struct process *process)
{
	return groups_find(groups, process->group);
}

bool depends_needed(const struct groups *groups, const struct process *process,
		    enum depends_who who)
{
	const struct group *its = group_of(groups, process);

	for (size_t i = 0; its && i < groups->n; i++) {
		const struct group *group = groups->all[i];

		for (size_t k = 0; k < group->n; k++) {
			const struct process *other = group->processes[k];

			if (!other->program->depends_on || other == process ||
			    process_is_down(other))
				continue;
			if (who == DEPENDS_CONDEMNED && !other->condemned &&
			    other->state != PROCESS_STOPPING)
				continue;
			if (depends_on(other, its, process))
				return true;
		}
	}
	return false;
}
