/* process_probe.c - asks a process whether it is ready, then from time to time whether it is well.
 * See vitals.h and process.h. */
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/process.h"

#include <stdio.h>
#include <string.h>

#define READY_TIMEOUT 5 /* seconds for one question */
#define READY_PAUSE_MAX 1.
#define COMMAND_GRACE 1 /* seconds between TERM and KILL */

static bool is_starting(const struct process *process)
{
	return process->state == PROCESS_STARTING;
}

static const struct config_probe *current(const struct process *process)
{
	return is_starting(process) ? &process->config->ready : &process->config->health.probe;
}

void process_probe_plan(struct process *process, double seconds)
{
	ev_timer *next = &process->vitals->next;

	ev_timer_stop(process->host->loop, next);
	ev_timer_set(next, seconds, 0.);
	ev_timer_start(process->host->loop, next);
}

/* Often at first: most are ready in a moment. */
static void plan_next(struct process *process)
{
	struct vitals *vitals = process->vitals;
	double wait;

	ev_now_update(process->host->loop);
	if (is_starting(process)) {
		wait = vitals->pause;
		vitals->pause = wait * 2 < READY_PAUSE_MAX ? wait * 2 : READY_PAUSE_MAX;
	} else {
		wait = process->config->health.every -
		       (ev_now(process->host->loop) - vitals->asked_at);
	}
	process_probe_plan(process, wait > 0. ? wait : 0.);
}

/* ---- the answer ---- */

static void failed(struct process *process, const char *failure)
{
	const struct config_health *health = &process->config->health;
	struct vitals *vitals = process->vitals;

	snprintf(vitals->failure, sizeof(vitals->failure), "%s", failure);
	if (is_starting(process)) {
		plan_next(process);
		return;
	}
	vitals->failures++;
	log_warn("%s: health check %u of %u failed (%s): %s", process->config->name,
		 vitals->failures, health->fail, health->probe.text, failure);
	if (vitals->failures < health->fail)
		plan_next(process);
	else
		process_hangs(process, "unhealthy: %u health checks in a row failed (%.80s): %s",
			      vitals->failures, health->probe.text, failure);
}

static void succeeded(struct process *process)
{
	struct vitals *vitals = process->vitals;

	vitals->failure[0] = '\0';
	vitals->unable = false;
	if (is_starting(process)) {
		process_is_ready(process);
		return;
	}
	if (vitals->failures)
		log_info("%s: health check succeeds again", process->config->name);
	vitals->failures = 0;
	plan_next(process);
}

static void answered(struct process *process, const char *failure)
{
	if (!process->vitals->awaited)
		return;
	process->vitals->awaited = false;
	if (failure)
		failed(process, failure);
	else
		succeeded(process);
}

static void on_probe(struct probe *probe, const char *failure)
{
	answered(container_of(probe, struct vitals, probe)->process, failure);
}

static void on_command(struct hook *hook, const char *failure)
{
	struct process *process = container_of(hook, struct vitals, command)->process;
	char text[PROBE_FAILURE_MAX];

	snprintf(text, sizeof(text), "the command %s", failure ? failure : "");
	answered(process, failure ? text : NULL);
}

/* ---- the question ---- */

static int ask(struct process *process, const struct config_probe *what, unsigned timeout,
	       struct error *err)
{
	struct process_command command = { .hook = &process->vitals->command,
					   .text = what->target,
					   .seconds = timeout,
					   .grace = COMMAND_GRACE,
					   .quiet = true };

	if (what->kind == PROBE_EXEC)
		return process_command(process, &command, err);
	return probe_start(&process->vitals->probe, what, timeout, err);
}

/* It could not be asked: no memory, no fd, no such command.  That is not held against the process;
 * one that is to become ready has only its time for it. */
static void unable(struct process *process, const char *why)
{
	struct vitals *vitals = process->vitals;

	snprintf(vitals->failure, sizeof(vitals->failure), "%.*s", (int)sizeof(vitals->failure) - 1,
		 why);
	if (!vitals->unable)
		log_warn("%s: cannot be asked by %s: %s; that does not count",
			 process->config->name, current(process)->text, why);
	vitals->unable = true;
	plan_next(process);
}

static void on_next(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct vitals *vitals = container_of(timer, struct vitals, next);
	struct process *process = vitals->process;
	struct error err = { { 0 } };
	unsigned timeout = is_starting(process) ? READY_TIMEOUT : process->config->health.timeout;

	(void)events;
	ev_now_update(loop);
	vitals->asked_at = ev_now(loop);
	if (hook_is_active(&vitals->command)) { /* one that was called off is not gone yet */
		plan_next(process);
		return;
	}
	if (ask(process, current(process), timeout, &err) < 0)
		unable(process, err.text);
	else
		vitals->awaited = true;
}

/* ---- beginning and end ---- */

void process_probe_init(struct process *process)
{
	struct vitals *vitals = process->vitals;

	probe_init(&vitals->probe, process->host->loop);
	vitals->probe.done = on_probe;
	hook_init(&vitals->command, process->host->loop, process->host->reaper);
	vitals->command.done = on_command;
	vitals->command.limit = "its timeout";
	vitals->command.sweeps = true;
	ev_init(&vitals->next, on_next);
}

void process_probe_cancel(struct process *process)
{
	struct vitals *vitals = process->vitals;

	ev_timer_stop(process->host->loop, &vitals->next);
	probe_done(&vitals->probe);
	hook_kill(&vitals->command);
	vitals->awaited = vitals->unable = false;
	vitals->failures = 0;
	vitals->failure[0] = '\0';
	vitals->pause = process->config->ready.kind == PROBE_EXEC ? 0.1 : 0.02;
}

void process_probe_done(struct process *process)
{
	process_probe_cancel(process);
	hook_done(&process->vitals->command);
}
