/* process_vitals.c - when a process counts as ready, and what is done about one that hangs.
 * See vitals.h and process.h. */
#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/autopsy.h"
#include "supervisor/process.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_stack(struct stack_job *job, const char *failure, const char *text);
static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events);

static bool wants_any(const struct process *process)
{
	return process->config->ready.kind || process->config->health.probe.kind ||
	       process->program->watchdogsecs;
}

int process_vitals_new(struct process *process, struct error *err)
{
	struct vitals *vitals;

	if (!wants_any(process))
		return 0;
	vitals = process->vitals = calloc(1, sizeof(*vitals));
	if (!vitals)
		return error_set(err, "out of memory");
	vitals->process = process;
	vitals->socket = -1;
	stack_job_init(&vitals->stack, process->host->loop, process->host->reaper);
	vitals->stack.done = on_stack;
	ev_init(&vitals->watchdog, on_watchdog);
	process_probe_init(process);
	return 0;
}

void process_vitals_free(struct process *process)
{
	if (!process->vitals)
		return;
	ev_timer_stop(process->host->loop, &process->vitals->watchdog);
	stack_job_done(&process->vitals->stack);
	process_probe_done(process);
	process_notify_close(process);
	free(process->vitals);
	process->vitals = NULL;
}

const char *process_why_unfit(const struct process *process)
{
	return process->vitals ? process->vitals->why : "";
}

bool process_is_unfit(const struct process *process)
{
	return *process_why_unfit(process) != '\0';
}

const char *process_said(const struct process *process)
{
	return process->vitals ? process->vitals->said : "";
}

void process_vitals_spawn(struct process *process)
{
	if (process->vitals)
		process->vitals->why[0] = '\0';
}

static void set_watchdog(struct process *process, double seconds)
{
	ev_timer *timer = &process->vitals->watchdog;

	ev_timer_stop(process->host->loop, timer);
	ev_timer_set(timer, seconds, 0.);
	ev_timer_start(process->host->loop, timer);
}

/* ---- to RUNNING ---- */

void process_vitals_begin(struct process *process)
{
	const struct config_probe *ready = &process->config->ready;

	snprintf(process->note, sizeof(process->note), "waiting until it is ready (%.80s)",
		 ready->text);
	process_notify_extensible(process, process->program->readysecs);
	process_probe_cancel(process); /* the first pause as well */
	if (ready->kind != PROBE_NOTIFY)
		process_probe_plan(process, 0.);
}

void process_is_ready(struct process *process)
{
	if (process->state == PROCESS_STARTING && process->pid && !process_is_unfit(process))
		process_handle(process, PROCESS_UP);
}

void process_vitals_late(struct process *process)
{
	const struct config_probe *ready = &process->config->ready;
	const char *last = process->vitals->failure;

	if (ready->kind == PROBE_NOTIFY) { /* it may have said so, and we have not listened yet */
		process_notify_read(process);
		last = "it has not sent READY=1";
	}
	if (process->state != PROCESS_STARTING || process_is_unfit(process))
		return;
	process_hangs(process, "not ready after %u s (readysecs), %s: %s",
		      process->program->readysecs, ready->text, *last ? last : "no answer yet");
}

void process_vitals_up(struct process *process)
{
	process->note[0] = '\0';
	if (!process->vitals)
		return;
	process_probe_cancel(process);
	if (process->program->watchdogsecs)
		process_vitals_alive(process);
	if (process->config->health.probe.kind)
		process_probe_plan(process, process->config->health.every);
}

/* ---- while it is RUNNING ---- */

void process_vitals_alive(struct process *process)
{
	if (process->state != PROCESS_RUNNING || process_is_unfit(process) ||
	    process->vitals->leaving || !process->program->watchdogsecs)
		return;
	ev_now_update(process->host->loop);
	set_watchdog(process, process->program->watchdogsecs);
}

/* It may take as long as if we had told it to stop. */
void process_vitals_leaves(struct process *process)
{
	if (process->state != PROCESS_RUNNING || process_is_unfit(process) ||
	    process->vitals->leaving)
		return;
	process->vitals->leaving = true;
	process_probe_cancel(process);
	ev_now_update(process->host->loop);
	set_watchdog(process, process->program->stopwaitsecs);
}

/* The loop runs timers before it reads; were we stopped ourselves for a while, what the process has
 * sent meanwhile is still to be read. */
static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct process *process = container_of(timer, struct vitals, watchdog)->process;

	(void)events;
	ev_now_update(loop);
	process_notify_read(process);
	if (ev_is_active(timer) || process_is_unfit(process) || process->state != PROCESS_RUNNING)
		return;
	if (process->vitals->leaving)
		process_hangs(process,
			      "unhealthy: it said STOPPING=1 and is still there after %u s "
			      "(stopwaitsecs)",
			      process->program->stopwaitsecs);
	else
		process_hangs(process, "unhealthy: no WATCHDOG=1 for %u s (watchdogsecs)",
			      process->program->watchdogsecs);
}

void process_vitals_review(struct process *process)
{
	struct error err = { { 0 } };

	/* `health` may be its first reason to have them */
	if (!process->vitals && process_vitals_new(process, &err) < 0)
		log_error("%s: it is not asked whether it is well: %s", process->config->name,
			  err.text);
	if (!process->vitals)
		return;
	if (process->state != PROCESS_RUNNING || process_is_unfit(process) ||
	    process->vitals->leaving)
		return;
	process_probe_cancel(process);
	if (process->config->health.probe.kind)
		process_probe_plan(process, process->config->health.every);
}

/* ---- the end ---- */

static void stop_watching(struct process *process)
{
	if (!process->vitals)
		return;
	process_probe_cancel(process);
	ev_timer_stop(process->host->loop, &process->vitals->watchdog);
}

/* ---- what a process that hangs is doing ---- */

#define STACK_LINES 300 /* of a dump, into the main log */

/* A line of it, without what would play with somebody's terminal: the program has chosen names. */
static void log_stack_line(const struct process *process, const char *text, size_t len)
{
	char line[1024];
	size_t n = len < sizeof(line) ? len : sizeof(line) - 1;

	memcpy(line, text, n);
	line[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (utf8_is_control(line[i]))
			line[i] = ' ';
	log_warn("%s: | %s", process->config->name, line);
}

static void log_stack(const struct process *process, const char *text)
{
	for (int i = 0; *text && i < STACK_LINES; i++) {
		size_t len = strcspn(text, "\n");

		log_stack_line(process, text, len);
		text += len + (text[len] == '\n');
	}
}

static void on_stack(struct stack_job *job, const char *failure, const char *text)
{
	struct process *process = container_of(job, struct vitals, stack)->process;

	if (failure)
		log_warn("%s: its stack could not be read:", process->config->name);
	log_stack(process, failure ? failure : text);
	/* it may have ended by itself, be stopped, or be another one by now */
	if (process->pid == process->vitals->examined && process_is_unfit(process) &&
	    (process->state == PROCESS_STARTING || process->state == PROCESS_RUNNING))
		process_handle(process, PROCESS_UNFIT);
}

/* The system call that it is in; and true if more is to come: the stacks of a worker's threads,
 * before it is ended. */
static bool autopsy_begin(struct process *process)
{
	struct error err = { { 0 } };
	struct buf text = { 0 };

	autopsy(process->pid, &text);
	log_warn("%s: pid %d is in %s", process->config->name, (int)process->pid, buf_str(&text));
	buf_done(&text);
	if (!process->zygote)
		return false;
	if (stack_job_start(&process->vitals->stack, process, &err) == 0) {
		process->vitals->examined = process->pid;
		return true;
	}
	log_warn("%s: its stack cannot be read: %s", process->config->name, err.text);
	return false;
}

void process_hangs(struct process *process, const char *format, ...)
{
	va_list ap;

	if (process_is_unfit(process)) /* that is being seen to */
		return;
	va_start(ap, format);
	vsnprintf(process->vitals->why, sizeof(process->vitals->why), format, ap);
	va_end(ap);
	log_error("%s: %s", process->config->name, process->vitals->why);
	stop_watching(process);
	/* one that is to measure memory would be taken for the one that kills */
	ev_timer_stop(process->host->loop, &process->timer);
	if (!autopsy_begin(process))
		process_handle(process, PROCESS_UNFIT);
}

void process_vitals_stopping(struct process *process)
{
	stop_watching(process);
	process_notify_extensible(process, process->program->stopwaitsecs);
	snprintf(process->note, sizeof(process->note), "%s",
		 process_is_unfit(process) ? "it is being stopped, because it hangs" : "");
}

void process_vitals_gone(struct process *process)
{
	stop_watching(process);
	process->note[0] = '\0';
	if (process->vitals)
		process->vitals->said[0] = '\0';
}
