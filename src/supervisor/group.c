/* group.c - see group.h. */
#include "supervisor/group.h"

#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "supervisor/event_pool.h"
#include "supervisor/process.h"
#include "supervisor/zygotes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_program(struct group *group, const struct config_program *program,
		       struct process_host *host, const struct zygotes *zygotes, struct error *err)
{
	struct zygote_link *zygote =
		program->zygote ? zygotes_find(zygotes, program->zygote) : NULL;

	for (size_t i = 0; i < program->nprocesses; i++) {
		struct process_source source = { group->base, group->name, program,
						 &program->processes[i], 0 };
		struct process *process = process_new(host, &source, zygote, err);

		if (!process)
			return error_prefix(err, "%s:%u: [program:%s]", program->where.file,
					    program->where.line, program->name);
		group->processes[group->n++] = process;
	}
	return 0;
}

/* An [eventlistener:*] is a group of its own. */
static int add_pool(struct group *group, struct events *events)
{
	const struct config_program *program = group->n ? group->processes[0]->program : NULL;

	if (!program || program->kind != KIND_LISTENER)
		return 0;
	group->pool =
		event_pool_new(events, group->name, &program->listener, group->processes, group->n);
	return group->pool ? 0 : -1;
}

struct group *group_new(struct config *base, const struct config_group *its,
			struct process_host *host, const struct zygotes *zygotes, struct error *err)
{
	struct group *group = calloc(1, sizeof(*group));
	size_t total = 0;

	for (size_t i = 0; i < its->nprograms; i++)
		total += base->programs[its->programs[i]].nprocesses;
	if (group) {
		group->name = strdup(its->name);
		group->processes = calloc(total + 1, sizeof(struct process *));
		group->base = config_ref(base);
		group->config = its;
	}
	if (!group || !group->name || !group->processes) {
		group_free(group);
		error_set(err, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < its->nprograms; i++) {
		if (add_program(group, &base->programs[its->programs[i]], host, zygotes, err) < 0) {
			group_free(group);
			return NULL;
		}
	}
	group_sort(group);
	if (add_pool(group, host->events) < 0) {
		group_free(group);
		error_set(err, "out of memory");
		return NULL;
	}
	return group;
}

void group_free(struct group *group)
{
	if (!group)
		return;
	event_pool_free(group->pool);
	for (size_t i = 0; i < group->n; i++)
		process_free(group->processes[i]);
	free(group->processes);
	free(group->name);
	config_free(group->base);
	free(group);
}

struct process *group_find(const struct group *group, const char *process)
{
	for (size_t i = 0; i < group->n; i++)
		if (strcmp(group->processes[i]->config->name, process) == 0)
			return group->processes[i];
	return NULL;
}

/* By priority; else they stay in the order of the configuration, which is why this is no qsort(3).
 * Nearly always there is nothing to do. */
void group_sort(struct group *group)
{
	for (size_t i = 1; i < group->n; i++) {
		struct process *process = group->processes[i];
		size_t at = i;

		for (; at > 0 &&
		       group->processes[at - 1]->program->priority > process->program->priority;
		     at--)
			group->processes[at] = group->processes[at - 1];
		group->processes[at] = process;
	}
}

int group_insert(struct group *group, struct process *process)
{
	struct process **processes =
		realloc(group->processes, (group->n + 1) * sizeof(struct process *));

	if (!processes)
		return -ENOMEM;
	group->processes = processes;
	processes[group->n++] = process;
	group_sort(group);
	return 0;
}

void group_start(struct group *group)
{
	for (size_t i = 0; i < group->n; i++)
		if (group->processes[i]->program->autostart)
			demand_autostart(group->processes[i]);
}

void group_stop(struct group *group)
{
	for (size_t i = group->n; i > 0; i--)
		process_handle(group->processes[i - 1], PROCESS_STOP);
}

void group_kill(struct group *group)
{
	group_stop(group);
	for (size_t i = group->n; i > 0; i--) {
		process_handle(group->processes[i - 1], PROCESS_DEADLINE);
		hook_kill(&group->processes[i - 1]->hook);
	}
}

void group_calm(struct group *group)
{
	for (size_t i = 0; i < group->n; i++) {
		struct process *process = group->processes[i];

		process->quiet = true;
		if (!process->pid)
			process_handle(process, PROCESS_STOP);
	}
}

bool group_is_down(const struct group *group)
{
	for (size_t i = 0; i < group->n; i++)
		if (!process_is_down(group->processes[i]))
			return false;
	return true;
}

void group_list_alive(const struct group *group, struct buf *names)
{
	for (size_t i = 0; i < group->n; i++)
		if (!process_is_down(group->processes[i]))
			buf_printf(names, "%s%s", names->len ? ", " : "",
				   group->processes[i]->config->name);
}
