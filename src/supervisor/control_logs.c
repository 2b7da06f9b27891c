/* control_logs.c - LOG_OPEN, LOG_CLEAR, LOG_ROTATE, LOG_REOPEN: jobs for the logger.  See
 * control_calls.h. */
#include "base/util.h"
#include "config/config.h"
#include "supervisor/control_calls.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/logs.h"
#include "supervisor/process.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void log_verb(struct logs *logs, uint32_t stream, struct log_job *job);

/* One request, and the jobs that it takes, one after the other. */
struct control_log {
	struct control_log *next, **back; /* in the list of the calls */
	struct control_calls *calls;
	struct log_job job;
	log_verb *verb;
	uint32_t *streams; /* owned; n of them, from `at` on not done yet */
	size_t n, at;
	uint32_t id;
	int error;  /* the first */
	char *path; /* owned; what NO_FILE names; NULL: nothing */
	char *why;  /* owned; of the first error */
};

static void unlink_log(struct control_log *log)
{
	*log->back = log->next;
	if (log->next)
		log->next->back = log->back;
	logs_cancel(&log->calls->supervisor->logs, &log->job);
	free(log->streams);
	free(log->path);
	free(log->why);
	free(log);
}

void control_logs_forget(struct control_calls *calls)
{
	while (calls->logs)
		unlink_log(calls->logs);
}

/* supervisord's faults: there is no file, or it cannot be worked with. */
static void answer(struct control_log *log, int fd)
{
	struct buf body = { 0 };

	if (log->error) {
		control_fault(log->calls, log->id,
			      log->error == ENOENT ? FAULT_NO_FILE : FAULT_FAILED,
			      log->error == ENOENT ? log->path : log->why);
	} else {
		control_begin(&body);
		control_send(log->calls, log->id, &body, fd);
	}
	unlink_log(log);
}

static void done(struct log_job *job, int error, const char *why, int fd)
{
	struct control_log *log = container_of(job, struct control_log, job);

	if (error && !log->error) {
		log->error = error;
		log->why = strdup(why ? why : strerror(error));
	}
	if (++log->at < log->n)
		log->verb(&log->calls->supervisor->logs, log->streams[log->at], job);
	else
		answer(log, fd);
}

/* Takes `streams` over. */
static void ask(const struct control_call *call, log_verb *verb, uint32_t *streams, size_t n,
		const char *path)
{
	struct control_log *log = calloc(1, sizeof(*log));
	char *copy = path ? strdup(path) : NULL;

	if (!log || !streams || (path && !copy)) {
		free(log);
		free(copy);
		free(streams);
		control_fault(call->calls, call->id, FAULT_FAILED, "out of memory");
		return;
	}
	*log = (struct control_log){
		.calls = call->calls,
		.job.done = done,
		.verb = verb,
		.streams = streams,
		.n = n,
		.id = call->id,
		.path = copy,
		.next = call->calls->logs,
		.back = &call->calls->logs,
	};
	if (log->next)
		log->next->back = &log->next;
	call->calls->logs = log;
	if (n)
		verb(&call->supervisor->logs, streams[0], &log->job);
	else
		answer(log, -1);
}

static void ask_one(const struct control_call *call, log_verb *verb, uint32_t stream,
		    const char *path)
{
	uint32_t *streams = malloc(sizeof(*streams));

	if (streams)
		*streams = stream;
	ask(call, verb, streams, 1, path);
}

/* The streams of some processes: those that have a file. */
static size_t add_streams(const struct process *process, uint32_t *streams, size_t n)
{
	for (int i = 0; i < 2; i++)
		if (log_pipe_path(process->logs[i]))
			streams[n++] = log_pipe_id(process->logs[i]);
	return n;
}

static void ask_processes(const struct control_call *call, log_verb *verb,
			  struct process *const *processes, size_t n)
{
	uint32_t *streams = calloc(2 * n + 1, sizeof(*streams));
	size_t nstreams = 0;

	for (size_t i = 0; streams && i < n; i++)
		nstreams = add_streams(processes[i], streams, nstreams);
	ask(call, verb, streams, nstreams, NULL);
}

static bool has_main_log(const struct control_call *call)
{
	if (call->supervisor->config->daemon.logfile)
		return true;
	control_fault(call->calls, call->id, FAULT_NO_FILE, NULL);
	return false;
}

void control_log_open(const struct control_call *call)
{
	const struct process *process;
	const struct log_pipe *pipe;

	if (!call->request->name) {
		if (has_main_log(call))
			ask_one(call, logs_open, LOG_MAIN,
				call->supervisor->config->daemon.logfile);
		return;
	}
	process = control_process(call);
	if (!process)
		return;
	pipe = process->logs[call->request->number == 2];
	if (!log_pipe_path(pipe))
		control_fault(call->calls, call->id, FAULT_NO_FILE, NULL);
	else
		ask_one(call, logs_open, log_pipe_id(pipe), log_pipe_path(pipe));
}

void control_log_clear(const struct control_call *call)
{
	struct process *process;

	if (!call->request->name) {
		if (has_main_log(call))
			ask_one(call, logs_clear, LOG_MAIN, NULL);
		return;
	}
	process = control_process(call);
	if (process)
		ask_processes(call, logs_clear, &process, 1);
}

/* All logs, or those of a process or a group. */
static void ask_many(const struct control_call *call, log_verb *verb)
{
	const char *name = call->request->name;
	struct namespec found = { 0 };

	if (!name) {
		ask_one(call, verb, LOG_ALL, NULL);
		return;
	}
	found = groups_lookup(&call->supervisor->groups, name);
	if (found.process)
		ask_processes(call, verb, &found.process, 1);
	else if (found.group && (found.whole || !strchr(name, ':')))
		ask_processes(call, verb, found.group->processes, found.group->n);
	else
		control_fault(call->calls, call->id, FAULT_BAD_NAME, name);
}

void control_log_rotate(const struct control_call *call)
{
	ask_many(call, logs_rotate);
}

void control_log_reopen(const struct control_call *call)
{
	ask_many(call, logs_reopen);
}
