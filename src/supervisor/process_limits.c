/* process_limits.c - cgroup and limits of a start.  See process.h. */
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "supervisor/limits.h"
#include "supervisor/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int process_limits_prepare(struct process *process, struct error *err)
{
	char name[256];
	int r;

	if (!process->program->memory_max)
		return 0;
	if (process->serial) /* not that of the one that it replaces, which may have to be killed */
		snprintf(name, sizeof(name), "%.110s:%.110s:%u", process->group,
			 process->config->name, process->serial);
	else
		snprintf(name, sizeof(name), "%.120s:%.120s", process->group,
			 process->config->name);
	r = cgroup_open(&process->cgroup, process->host->cgroups, name,
			process->program->memory_max, err);
	return r == -ENOTSUP ? 0 : r; /* that was said once, for all */
}

/* A worker is forked by its zygote, which may not be able to do this; but it stands at its gate. */
int process_limits_worker(struct process *process, pid_t pid, struct error *err)
{
	struct limits_failure failure;
	int r = process_limits_prepare(process, err);

	if (r == 0 && process->cgroup.procs >= 0) {
		r = cgroup_enter(&process->cgroup, pid);
		if (r < 0)
			error_set(err, "cannot enter its cgroup: %s", strerror(-r));
	}
	if (r == 0 && limits_apply(process->program, pid, &failure) < 0) {
		limits_explain(process->program, &failure, err);
		r = -failure.error;
	}
	if (r < 0)
		error_prefix(err, "%s", process->config->name);
	return r;
}
