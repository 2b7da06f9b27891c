/* reload_diff.c - see reload_diff.h. */
#include "supervisor/reload_diff.h"

#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/listeners.h"
#include "supervisor/output.h"
#include "supervisor/process.h"

#include <string.h>

struct reload_source reload_find(const struct config *config, const struct config_group *group,
				 const char *process)
{
	for (size_t i = 0; i < group->nprograms; i++) {
		const struct config_program *program = &config->programs[group->programs[i]];

		for (size_t j = 0; j < program->nprocesses; j++)
			if (strcmp(program->processes[j].name, process) == 0)
				return (struct reload_source){ config, program,
							       &program->processes[j] };
	}
	return (struct reload_source){ 0 };
}

size_t reload_count(const struct config *config, const struct config_group *group)
{
	size_t n = 0;

	for (size_t i = 0; i < group->nprograms; i++)
		n += config->programs[group->programs[i]].nprocesses;
	return n;
}

/* What the process writes into stays what it was given: the pipe, or nothing. */
static bool same_kind(const struct config_log *a, const struct config_log *b)
{
	return a->automatic == b->automatic && output_is_logged(a) == output_is_logged(b);
}

/* Whether it runs, or is being started, with a socket that nobody can connect to, and there is
 * another one. */
static bool has_lost(const struct process *process, const char *name)
{
	return (process->pid || process->state == PROCESS_STARTING) &&
	       listeners_gave_lost(process->host->listeners, name, process->listeners_at);
}

/* Whether a socket that it is to have cannot be the one that it was given. */
static bool other_socket(const struct process *process, const struct reload_source *source)
{
	for (char **name = source->program->sockets; name && *name; name++) {
		const struct config_socket *had = config_find_socket(process->base, *name);
		const struct config_socket *wanted = config_find_socket(source->base, *name);

		if (had && wanted &&
		    (config_socket_compare(had, wanted) == CHANGE_RESTART ||
		     has_lost(process, *name)))
			return true;
	}
	return false;
}

enum config_change reload_compare(const struct process *process, const struct reload_source *source)
{
	if (!same_kind(&process->config->out, &source->config->out) ||
	    !same_kind(&process->config->err, &source->config->err) ||
	    process->program->redirect_stderr != source->program->redirect_stderr ||
	    other_socket(process, source))
		return CHANGE_RESTART;
	return config_process_compare(process->program, process->config, source->program,
				      source->config);
}

bool reload_differs(const struct group *group, const struct config *config,
		    const struct config_group *its)
{
	if (group->config->priority != its->priority || group->n != reload_count(config, its))
		return true;
	for (size_t i = 0; i < group->n; i++) {
		const struct process *process = group->processes[i];
		struct reload_source source = reload_find(config, its, process->config->name);

		if (!source.config || reload_compare(process, &source) != CHANGE_NONE)
			return true;
	}
	return false;
}

/* A pool of event listeners can take other values, but no other processes. */
static bool is_same_pool(const struct group *group, const struct config *config,
			 const struct config_group *its)
{
	if (!group->pool || group->n != reload_count(config, its))
		return false;
	for (size_t i = 0; i < group->n; i++) {
		const struct process *process = group->processes[i];
		struct reload_source source = reload_find(config, its, process->config->name);

		if (!source.config || source.program->kind != KIND_LISTENER ||
		    reload_compare(process, &source) == CHANGE_RESTART)
			return false;
	}
	return true;
}

bool reload_is_whole(const struct group *group, const struct config *config,
		     const struct config_group *its)
{
	if (is_same_pool(group, config, its))
		return false;
	for (size_t i = 0; i < group->n; i++)
		if (group->processes[i]->program->kind != KIND_PROGRAM)
			return true;
	for (size_t i = 0; i < its->nprograms; i++)
		if (config->programs[its->programs[i]].kind != KIND_PROGRAM)
			return true;
	return false;
}
