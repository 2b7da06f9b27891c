/* control_processes.c - START, STOP, SIGNAL, STDIN, and waiting for what they bring.  See
 * control_calls.h; when which fault is due is supervisord's choice. */
#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "config/types.h"
#include "supervisor/control_calls.h"
#include "supervisor/launch.h"
#include "supervisor/order.h"
#include "supervisor/process.h"
#include "supervisor/replace.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Somebody who is answered when a process has started or stopped. */
struct control_wait {
	struct control_wait *next, **back; /* in the list of the calls */
	struct control_calls *calls;
	struct process_waiter waiter;
	struct process *process; /* borrowed; NULL: it is no more */
	uint32_t id;
	bool whole; /* until it is RUNNING; else until it is certain that it could be spawned */
	bool (*decide)(const struct control_wait *wait, enum fault *ret);
	char *name; /* owned; as the client wrote it */
};

static void unlink_wait(struct control_wait *wait)
{
	*wait->back = wait->next;
	if (wait->next)
		wait->next->back = wait->back;
	if (wait->process)
		process_unwait(wait->process, &wait->waiter);
	free(wait->name);
	free(wait);
}

/* Answers, if it is time to. */
static void look(struct control_wait *wait)
{
	enum fault fault = FAULT_NONE;

	if (!wait->process)
		fault = FAULT_BAD_NAME; /* it was removed */
	else if (!wait->decide(wait, &fault))
		return;
	control_fault(wait->calls, wait->id, fault, fault ? wait->name : NULL);
	unlink_wait(wait);
}

static void changed(struct process_waiter *waiter, struct process *process)
{
	struct control_wait *wait = container_of(waiter, struct control_wait, waiter);

	wait->process = process;
	look(wait);
}

static void wait_for(const struct control_call *call, struct process *process,
		     bool (*decide)(const struct control_wait *wait, enum fault *ret))
{
	struct control_wait *wait = calloc(1, sizeof(*wait));
	char *name = strdup(call->request->name);

	if (!wait || !name) {
		free(wait);
		free(name);
		control_fault(call->calls, call->id, FAULT_FAILED, "out of memory");
		return;
	}
	wait->calls = call->calls;
	wait->process = process;
	wait->id = call->id;
	wait->whole = call->request->wait;
	wait->decide = decide;
	wait->name = name;
	wait->waiter.changed = changed;
	wait->next = call->calls->waits;
	wait->back = &call->calls->waits;
	if (wait->next)
		wait->next->back = &wait->next;
	call->calls->waits = wait;
	process_wait(process, &wait->waiter);
	look(wait);
}

void control_waits_forget(struct control_calls *calls)
{
	while (calls->waits)
		unlink_wait(calls->waits);
}

/* ---- START ---- */

static bool is_running(const struct process *process)
{
	return process->state == PROCESS_STARTING || process->state == PROCESS_RUNNING ||
	       process->state == PROCESS_BACKOFF;
}

static bool has_started(const struct control_wait *wait, enum fault *ret)
{
	const struct process *process = wait->process;

	switch (process->state) {
	case PROCESS_RUNNING:
		return true;
	case PROCESS_STARTING:
		return !wait->whole && (process->pid || process->zygote || process->held);
	default:
		*ret = process->spawnerr[0] ? FAULT_SPAWN_ERROR : FAULT_ABNORMAL_TERMINATION;
		return true;
	}
}

/* Whether its command could be run at all. */
static enum fault check_command(const struct process *process, struct error *err)
{
	CLEANUP_FREE char *path = NULL;
	int r;

	if (process->zygote)
		return FAULT_NONE;
	r = launch_lookup(process->config->argv[0], process->environment, &path, err);
	if (r == -EACCES)
		return FAULT_NOT_EXECUTABLE;
	return r < 0 ? FAULT_NO_FILE : FAULT_NONE;
}

void control_start(const struct control_call *call)
{
	struct process *process = control_process(call);
	struct error err = { { 0 } };
	enum fault fault;

	if (!process)
		return;
	fault = check_command(process, &err);
	if (fault == FAULT_NONE && is_running(process)) {
		fault = FAULT_ALREADY_STARTED;
		error_set(&err, "%s", call->request->name);
	} else if (fault == FAULT_NONE && process->state == PROCESS_UNKNOWN) {
		fault = FAULT_FAILED;
		error_set(&err, "%s is in an unknown process state", call->request->name);
	}
	if (fault != FAULT_NONE) {
		control_fault(call->calls, call->id, fault, err.text);
		return;
	}
	process_handle(process, PROCESS_START);
	wait_for(call, process, has_started);
}

/* ---- STOP ---- */

static bool has_stopped(const struct control_wait *wait, enum fault *ret)
{
	(void)ret;
	switch (wait->process->state) {
	case PROCESS_STARTING:
	case PROCESS_RUNNING:
	case PROCESS_BACKOFF:
	case PROCESS_STOPPING:
		return !wait->whole;
	default:
		return true;
	}
}

void control_stop(const struct control_call *call)
{
	struct process *process = control_process(call);
	struct error err = { { 0 } };

	if (!process)
		return;
	if (demand_is_asleep(process)) {
		demand_forget(process);
		process_settled(process);
		control_done(call->calls, call->id);
		return;
	}
	demand_forget(process);
	process->revive = false;
	if (replace_is_between(process)) {
		replace_give_up(process);
		wait_for(call, process, has_stopped);
		return;
	}
	/* EXITED, but about to be started again, can be stopped as well */
	if (!is_running(process) && !(process->state == PROCESS_EXITED && process->restarts)) {
		control_fault(call->calls, call->id, FAULT_NOT_RUNNING, call->request->name);
		return;
	}
	if (call->request->number)
		order_condemn(&call->supervisor->order, process);
	else
		order_stop(&call->supervisor->order, &process, 1);
	if (process->state == PROCESS_UNKNOWN) {
		error_set(&err, "%s cannot be signalled, see the log", call->request->name);
		control_fault(call->calls, call->id, FAULT_FAILED, err.text);
		return;
	}
	wait_for(call, process, has_stopped);
}

/* ---- SIGNAL, STDIN ---- */

void control_signal(const struct control_call *call)
{
	struct process *process = control_process(call);
	const char *text = call->request->text ? call->request->text : "";
	struct error err = { { 0 } };
	int signum = -1, r;

	if (!process)
		return;
	if (type_signal.parse(&signum, text, NULL, &err) < 0) {
		control_fault(call->calls, call->id, FAULT_BAD_SIGNAL, text);
		return;
	}
	if (!process->pid || process->state == PROCESS_UNKNOWN) {
		control_fault(call->calls, call->id, FAULT_NOT_RUNNING, call->request->name);
		return;
	}
	r = process_signal(process, signum);
	if (r < 0)
		error_set(&err, "cannot send %s to pid %d: %s", text, (int)process->pid,
			  strerror(-r));
	control_fault(call->calls, call->id, r < 0 ? FAULT_FAILED : FAULT_NONE,
		      r < 0 ? err.text : NULL);
}

void control_stdin(const struct control_call *call)
{
	struct process *process = control_process(call);
	enum fault fault = FAULT_NONE;
	int r;

	if (!process)
		return;
	if (!process->pid || process->state == PROCESS_STOPPING) {
		fault = FAULT_NOT_RUNNING;
	} else {
		r = process_write_stdin(process, call->request->text, call->request->ntext);
		if (r == -EPIPE)
			fault = FAULT_NO_FILE;
		else if (r < 0)
			fault = FAULT_FAILED;
	}
	control_fault(call->calls, call->id, fault, fault ? call->request->name : NULL);
}
