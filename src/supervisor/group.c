/* group.c - see group.h. */
#include "supervisor/group.h"

#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "supervisor/process.h"

#include <stdlib.h>
#include <string.h>

static struct zygote_link *find_link(const struct config *config, struct zygote_link *zygotes,
				     const char *name)
{
	for (size_t i = 0; name && i < config->nzygotes; i++)
		if (strcmp(config->zygotes[i].name, name) == 0)
			return &zygotes[i];
	return NULL;
}

static int by_priority(const void *a, const void *b)
{
	const struct process *left = *(struct process *const *)a;
	const struct process *right = *(struct process *const *)b;

	if (left->program->priority != right->program->priority)
		return left->program->priority < right->program->priority ? -1 : 1;
	return strcmp(left->config->name, right->config->name);
}

static int add_program(struct group *group, const struct config *config,
		       const struct config_program *program, struct process_host *host,
		       struct zygote_link *zygotes, struct error *err)
{
	struct zygote_link *zygote = find_link(config, zygotes, program->zygote);

	for (size_t i = 0; i < program->nprocesses; i++) {
		struct process *process = process_new(host, group->config->name, program,
						      &program->processes[i], zygote, err);

		if (!process)
			return error_prefix(err, "%s:%u: [program:%s]", program->where.file,
					    program->where.line, program->name);
		group->processes[group->n++] = process;
	}
	return 0;
}

int group_init(struct group *group, const struct config *config, const struct config_group *its,
	       struct process_host *host, struct zygote_link *zygotes, struct error *err)
{
	size_t total = 0;

	memset(group, 0, sizeof(*group));
	group->config = its;
	for (size_t i = 0; i < its->nprograms; i++)
		total += config->programs[its->programs[i]].nprocesses;
	group->processes = calloc(total + 1, sizeof(struct process *));
	if (!group->processes)
		return error_set(err, "out of memory");
	for (size_t i = 0; i < its->nprograms; i++) {
		if (add_program(group, config, &config->programs[its->programs[i]], host, zygotes,
				err) < 0) {
			group_done(group);
			return -1;
		}
	}
	qsort(group->processes, group->n, sizeof(struct process *), by_priority);
	return 0;
}

void group_done(struct group *group)
{
	for (size_t i = 0; i < group->n; i++)
		process_free(group->processes[i]);
	free(group->processes);
	memset(group, 0, sizeof(*group));
}

void group_start(struct group *group)
{
	for (size_t i = 0; i < group->n; i++)
		if (group->processes[i]->program->autostart)
			process_handle(group->processes[i], PROCESS_START);
}

void group_stop(struct group *group)
{
	for (size_t i = group->n; i > 0; i--)
		process_handle(group->processes[i - 1], PROCESS_STOP);
}

void group_kill(struct group *group)
{
	group_stop(group);
	for (size_t i = group->n; i > 0; i--)
		process_handle(group->processes[i - 1], PROCESS_DEADLINE);
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
