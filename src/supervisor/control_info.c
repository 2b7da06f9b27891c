/* control_info.c - what there is and how it is: STATE, INFO, CONFIG.  See control_calls.h. */
#include "base/clock.h"
#include "config/config.h"
#include "config/types.h"
#include "ipc/pack.h"
#include "supervisor/control_calls.h"
#include "supervisor/group.h"
#include "supervisor/logs.h"
#include "supervisor/process.h"
#include "supervisor/replace.h"
#include "supervisor/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATE_RUNNING 1

void control_state(const struct control_call *call)
{
	struct control_state state = { .code = STATE_RUNNING, .pid = (uint32_t)getpid() };
	struct buf body = { 0 };

	control_begin(&body);
	control_state_pack(&body, &state);
	control_send(call->calls, call->id, &body, -1);
}

/* ---- INFO ---- */

static int64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A moment on the clock that nobody sets, as the wall clock would show it now: so a step of the
 * wall clock moves what was before it as well. */
static uint64_t on_the_wall(int64_t then_us)
{
	return then_us ? (uint64_t)((wall_us() - (clock_us() - then_us)) / 1000000) : 0;
}

/* What it waits for, and what it says of itself. */
static void write_note(const struct process *process, char *note, size_t size)
{
	const char *said = process_said(process);

	snprintf(note, size, "%s%s%s", process->note, process->note[0] && *said ? ": " : "", said);
}

static void pack_info(struct buf *body, const struct process *process)
{
	char note[sizeof(process->note) + NOTIFY_STATUS_MAX + 2];
	const char *out = log_pipe_path(process->logs[0]), *err = log_pipe_path(process->logs[1]);
	struct process_info info = {
		.group = (char *)process->group,
		.name = process->config->name,
		.start = on_the_wall(process->started_us),
		.stop = on_the_wall(process->stopped_us),
		.now = (uint64_t)(wall_us() / 1000000),
		/* it is to run again at once, and can be stopped */
		.state = (uint32_t)process_state_code(replace_is_between(process) ? PROCESS_STARTING
										  : process->state),
		.spawnerr = (char *)process->spawnerr,
		.note = note,
		.exitstatus = process->exitstatus,
		.stdout_logfile = (char *)(out ? out : ""),
		.stderr_logfile = (char *)(err ? err : ""),
		.pid = (uint32_t)process->pid,
	};

	write_note(process, note, sizeof(note));
	if (process->started_us)
		info.uptime = (uint64_t)((clock_us() - process->started_us) / 1000000);
	process_info_pack(body, &info);
}

struct ordered {
	const struct process **all; /* owned */
	size_t n;
};

static int by_names(const void *a, const void *b)
{
	const struct process *left = *(const struct process *const *)a;
	const struct process *right = *(const struct process *const *)b;
	int r = strcmp(left->group, right->group);

	return r ? r : strcmp(left->config->name, right->config->name);
}

/* All of them; groups, and processes in their groups, are in the order of their priorities. */
static struct ordered collect(const struct groups *groups)
{
	struct ordered found = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < groups->n; i++)
		n += groups->all[i]->n;
	found.all = calloc(n + 1, sizeof(*found.all));
	for (size_t i = 0; found.all && i < groups->n; i++)
		for (size_t j = 0; j < groups->all[i]->n; j++)
			found.all[found.n++] = groups->all[i]->processes[j];
	return found;
}

static void info_of_all(const struct control_call *call, struct buf *body)
{
	struct ordered found = collect(&call->supervisor->groups);

	if (!found.all)
		body->failed = true;
	if (found.n && call->request->number == 0)
		qsort(found.all, found.n, sizeof(*found.all), by_names);
	pack_u32(body, (uint32_t)found.n);
	for (size_t i = 0; i < found.n; i++)
		pack_info(body, found.all[i]);
	free(found.all);
}

void control_info(const struct control_call *call)
{
	const struct process *process = NULL;
	struct buf body = { 0 };

	if (call->request->name) {
		process = control_process(call);
		if (!process)
			return;
	}
	control_begin(&body);
	if (process) {
		pack_u32(&body, 1);
		pack_info(&body, process);
	} else {
		info_of_all(call, &body);
	}
	control_send(call->calls, call->id, &body, -1);
}

/* ---- CONFIG ---- */

static int32_t user_id(const char *user)
{
	uid_t uid;

	return user && config_user_id(user, &uid) == 0 ? (int32_t)uid : -1;
}

static int32_t autorestart(enum autorestart autorestart)
{
	if (autorestart == RESTART_UNEXPECTED)
		return CONFIG_AUTO;
	return autorestart == RESTART_ALWAYS;
}

/* A file that is chosen at the first start has no name before. */
static char *log_file(const struct config_log *log, const struct process *process, int which)
{
	const char *path = process ? log_pipe_path(process->logs[which]) : NULL;

	if (log->automatic)
		return (char *)(path ? path : "auto");
	return log->file;
}

static void fill_logs(struct process_config *to, const struct config_program *program,
		      const struct config_process *config, const struct process *process)
{
	const struct config_log *out = &config->out, *err = &config->err;

	to->redirect_stderr = program->redirect_stderr;
	to->stdout_logfile = log_file(out, process, 0);
	to->stderr_logfile = program->redirect_stderr ? NULL : log_file(err, process, 1);
	to->stdout_capture_maxbytes = out->capture_maxbytes;
	to->stdout_logfile_maxbytes = out->maxbytes;
	to->stdout_logfile_backups = out->backups;
	to->stdout_events_enabled = out->events_enabled;
	to->stdout_syslog = out->syslog;
	to->stderr_capture_maxbytes = err->capture_maxbytes;
	to->stderr_logfile_maxbytes = err->maxbytes;
	to->stderr_logfile_backups = err->backups;
	to->stderr_events_enabled = err->events_enabled;
	to->stderr_syslog = err->syslog;
}

static void fill_program(struct process_config *to, const struct config_program *program)
{
	to->serverurl = program->serverurl;
	to->uid = user_id(program->user);
	to->process_prio = program->priority;
	to->autostart = program->autostart;
	to->killasgroup = program->killasgroup;
	to->autorestart = autorestart(program->autorestart);
	memcpy(to->exitcodes, program->exitcodes, sizeof(to->exitcodes));
	to->startretries =
		program->startretries > INT32_MAX ? INT32_MAX : (int32_t)program->startretries;
	to->startsecs = program->startsecs;
	to->stopsignal = (uint32_t)program->stopsignal;
	to->stopwaitsecs = program->stopwaitsecs;
}

/* One process of the configuration that was read last. */
struct entry {
	const struct config_group *group;
	const struct config_program *program;
	const struct config_process *config;
	size_t number; /* qsort(3) is not stable */
};

static int by_process(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int r = strcmp(left->config->name, right->config->name);

	if (r)
		return r;
	return left->number < right->number ? -1 : 1;
}

static struct entry *list_entries(const struct config *config, size_t *ret_n)
{
	struct entry *all;
	size_t n = 0;

	for (size_t i = 0; i < config->ngroups; i++)
		for (size_t j = 0; j < config->groups[i].nprograms; j++)
			n += config->programs[config->groups[i].programs[j]].nprocesses;
	all = calloc(n + 1, sizeof(*all));
	*ret_n = 0;
	for (size_t i = 0; all && i < config->ngroups; i++) {
		const struct config_group *group = &config->groups[i];

		for (size_t j = 0; j < group->nprograms; j++) {
			const struct config_program *program =
				&config->programs[group->programs[j]];

			for (size_t k = 0; k < program->nprocesses; k++, (*ret_n)++)
				all[*ret_n] = (struct entry){ group, program,
							      &program->processes[k], *ret_n };
		}
	}
	return all;
}

static void pack_entry(struct buf *body, const struct entry *entry, const struct groups *groups)
{
	const struct group *group = groups_find(groups, entry->group->name);
	const struct process *process = group ? group_find(group, entry->config->name) : NULL;
	struct process_config to = {
		.group = entry->group->name,
		.name = entry->config->name,
		.command = entry->config->command,
		.directory = entry->config->directory,
		.group_prio = entry->group->priority,
		.inuse = group != NULL,
	};

	fill_program(&to, entry->program);
	fill_logs(&to, entry->program, entry->config, process);
	process_config_pack(body, &to);
}

void control_config(const struct control_call *call)
{
	const struct supervisor *supervisor = call->supervisor;
	struct buf body = { 0 };
	size_t n;
	struct entry *all = list_entries(supervisor->latest, &n);

	control_begin(&body);
	if (n)
		qsort(all, n, sizeof(*all), by_process);
	pack_u32(&body, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		pack_entry(&body, &all[i], &supervisor->groups);
	body.failed = body.failed || !all;
	free(all);
	control_send(call->calls, call->id, &body, -1);
}
