/* process_actions.c - what is done on the way from state to state.  See process.h. */
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/backoff.h"
#include "supervisor/memory.h"
#include "supervisor/process.h"
#include "supervisor/wait_status.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Restarts after an exit from RUNNING are immediate, as supervisord's are; but a program that exits
 * at once with startsecs = 0 would then take a whole CPU.  So they are paid for from a budget: a
 * burst is immediate, a storm is not. */
#define BUDGET_MAX 100.
#define BUDGET_PER_SECOND 5.

#define MEASURE_SECONDS 1.
#define BLAMELESS_DELAY_MAX 16 /* seconds */

static void set_timer(struct process *process, ev_tstamp seconds)
{
	struct ev_loop *loop = process->host->loop;

	ev_timer_stop(loop, &process->timer);
	ev_now_update(loop);
	ev_timer_set(&process->timer, seconds, 0.);
	ev_timer_start(loop, &process->timer);
}

static const char *name_of(const struct process *process)
{
	return process->config->name;
}

static void gone(struct process *process)
{
	process->pid = 0;
	process->stopped_us = clock_us();
	fd_close(&process->ticket.gate);
	process_close_stdin(process);
	process_logs_born(process, 0); /* the next one may write before its pid is known */
	cgroup_close(&process->cgroup);
	process_vitals_gone(process);
	process_poststop(process);
}

/* ---- starting ---- */

static void spawn(struct process *process)
{
	process->exitstatus = 0;
	process->no_fault = false;
	process->restarts = false;
	process->slain = false;
	process->spawnerr[0] = '\0';
	process->condemned = false;
	demand_forget(process);
	process_vitals_spawn(process);
	process->started_us = clock_us();
	process_begin(process);
}

static void let_go(struct process *process)
{
	process->started_us = clock_us();
	process_let_go(process);
	if (process->config->ready.kind) {
		if (process->program->readysecs)
			set_timer(process, process->program->readysecs);
		process_vitals_begin(process);
	} else if (process->program->startsecs == 0) {
		process_handle(process, PROCESS_UP);
	} else {
		set_timer(process, process->program->startsecs);
	}
}

static void measure(struct process *process)
{
	struct memory memory;
	int r = memory_read(process->pid, &memory);

	process->measured = true;
	if (r < 0)
		log_debug("%s:%s: its memory cannot be read: %s", process->group, name_of(process),
			  strerror(-r));
	else
		log_info("%s:%s: pid %d, %.1f MB private, %.1f MB shared with the zygote (PSS "
			 "%.1f MB)",
			 process->group, name_of(process), (int)process->pid,
			 (double)memory.private_bytes / 1e6, (double)memory.shared_bytes / 1e6,
			 (double)memory.pss_bytes / 1e6);
}

void process_established(struct process *process)
{
	CLEANUP_FREE char *kind = process_kind(process);

	zygote_link_model(process->zygote, process->zygote_start, kind, process->pid);
	if (!process->measured)
		measure(process);
}

static void up(struct process *process)
{
	process->backoff = 0;
	process->blameless = 0;
	if (process->config->ready.kind)
		log_info("success: %s entered RUNNING state, it is ready after %.1f s (%s)",
			 name_of(process), (double)(clock_us() - process->started_us) / 1e6,
			 process->config->ready.text);
	else
		log_info("success: %s entered RUNNING state, process has stayed up for > than %u "
			 "seconds (startsecs)",
			 name_of(process), process->program->startsecs);
	process_vitals_up(process);
	if (!process->zygote)
		return;
	if (process->program->startsecs || process->config->ready.kind)
		process_established(process);
	else
		set_timer(process, MEASURE_SECONDS); /* it has not run a line yet */
}

/* Came from STARTING: it could not be spawned, or it has exited too quickly. */
static void back_off(struct process *process)
{
	unsigned delay;

	if (process->pid) {
		char how[64];

		wait_status_text(process->status, how, sizeof(how));
		snprintf(process->spawnerr, sizeof(process->spawnerr), "%s",
			 process_is_unfit(process)     ? process_why_unfit(process)
			 : process->config->ready.kind ? "Exited before it was ready (process log "
							 "may have details)"
						       : "Exited too quickly (process log may have "
							 "details)");
		log_warn("exited: %s (%s; not expected)", name_of(process), how);
		gone(process);
	}
	if (process->no_fault) { /* no memory, no free pid: that passes, so never give up */
		delay = process->blameless < 4 ? 1u << process->blameless : BLAMELESS_DELAY_MAX;
		process->blameless++;
		set_timer(process, delay);
		return;
	}
	process->backoff++;
	if (process->backoff > process->program->startretries)
		process_handle(process, PROCESS_GIVE_UP);
	else
		set_timer(process, backoff_delay(process->program, process->backoff));
}

static void give_up(struct process *process)
{
	process->backoff = 0;
	log_info("gave up: %s entered FATAL state, too many start retries too quickly",
		 name_of(process));
}

/* ---- exit ---- */

bool process_exit_expected(const struct process *process)
{
	unsigned status;

	if (process_is_unfit(process)) /* it did not end because it wanted to */
		return false;
	if (!WIFEXITED(process->status))
		return false;
	status = (unsigned)WEXITSTATUS(process->status);
	return process->program->exitcodes[status / 8] >> (status % 8) & 1;
}

static bool is_restarted(const struct process *process, bool expected)
{
	if (process->quiet || process->condemned)
		return false;
	switch (process->program->autorestart) {
	case RESTART_ALWAYS:
		return true;
	case RESTART_UNEXPECTED:
		return !expected;
	default:
		return false;
	}
}

/* Seconds until the next restart may happen; 0: now. */
static double spend_budget(struct process *process)
{
	ev_now_update(process->host->loop);
	return budget_spend(&process->budget, BUDGET_MAX, BUDGET_PER_SECOND,
			    ev_now(process->host->loop));
}

static void show_status(struct process *process)
{
	process->exitstatus = WIFEXITED(process->status) ? WEXITSTATUS(process->status) : -1;
}

static void exited(struct process *process)
{
	bool expected = process_exit_expected(process);
	char how[64];
	double wait;

	wait_status_text(process->status, how, sizeof(how));
	show_status(process);
	if (process_is_unfit(process))
		snprintf(process->spawnerr, sizeof(process->spawnerr), "%s",
			 process_why_unfit(process));
	else if (!expected)
		snprintf(process->spawnerr, sizeof(process->spawnerr), "Bad exit code %d",
			 process->exitstatus);
	log_at(expected ? LEVEL_INFO : LEVEL_WARN, "exited: %s (%s; %s)", name_of(process), how,
	       expected ? "expected" : "not expected");
	gone(process);
	process->restarts = is_restarted(process, expected);
	if (!process->restarts)
		return;
	wait = spend_budget(process);
	if (wait <= 0.) {
		process_handle(process, PROCESS_START);
		return;
	}
	if (!process->throttled)
		log_warn("%s: exits again and again, so its restarts are slowed down to %d "
			 "a second",
			 name_of(process), (int)BUDGET_PER_SECOND);
	process->throttled = true;
	set_timer(process, wait);
}

/* ---- stopping ---- */

static int send_signal(struct process *process, int signal, bool group)
{
	if (group && kill(-process->pid, signal) == 0)
		return 0;
	return kill(process->pid, signal) == 0 ? 0 : -errno;
}

static void signal_or_lose(struct process *process, int signal, bool group)
{
	int r;

	log_debug("killing %s (pid %d) %swith signal %s", name_of(process), (int)process->pid,
		  group ? "process group " : "", signal_name(signal));
	r = send_signal(process, signal, group);
	if (r == 0)
		return;
	log_critical("unknown problem killing %s (%d):cannot send %s: %s", name_of(process),
		     (int)process->pid, signal_name(signal), strerror(-r));
	process_handle(process, PROCESS_UNKILLED);
}

int process_signal(struct process *process, int signal)
{
	if (!process->pid) {
		log_debug("attempted to send %s sig %s but it wasn't running", name_of(process),
			  signal_name(signal));
		return -ESRCH;
	}
	log_debug("sending %s (pid %d) sig %s", name_of(process), (int)process->pid,
		  signal_name(signal));
	return send_signal(process, signal, false);
}

/* Nobody has a pid yet; but perhaps its prestart. */
static void call_off(struct process *process)
{
	process_forgo(process);
	process_spawn_cancel(process);
	if (!process_is_preparing(process)) {
		process_handle(process, PROCESS_CANCELED);
		return;
	}
	log_info("waiting for %s to stop", name_of(process));
	hook_end(&process->hook); /* sees to its end; PROCESS_CANCELED follows */
}

static void ask_to_stop(struct process *process)
{
	if (!process->pid) {
		call_off(process);
		return;
	}
	log_info("waiting for %s to stop", name_of(process));
	process_vitals_stopping(process);
	set_timer(process, process->program->stopwaitsecs);
	signal_or_lose(process, process->program->stopsignal, process->program->stopasgroup);
}

/* Nobody has asked for that: vitals.why says what for. */
static void put_to_end(struct process *process)
{
	process_vitals_stopping(process);
	log_warn("%s: stopping pid %d with %s, and with SIGKILL after %u s (stopwaitsecs)",
		 name_of(process), (int)process->pid, signal_name(process->program->stopsignal),
		 process->program->stopwaitsecs);
	set_timer(process, process->program->stopwaitsecs);
	signal_or_lose(process, process->program->stopsignal, process->program->stopasgroup);
}

static void slay(struct process *process)
{
	if (!process->pid) {
		hook_kill(&process->hook);
		return;
	}
	process->slain = true;
	log_warn("killing '%s' (%d) with SIGKILL", name_of(process), (int)process->pid);
	set_timer(process, process->program->stopwaitsecs ? process->program->stopwaitsecs : 1.);
	if (process->program->killasgroup)
		cgroup_kill(&process->cgroup); /* what has left the group as well */
	signal_or_lose(process, SIGKILL, process->program->killasgroup);
}

/* What it was stopped for is not to be any more: replace.h. */
static void revive(struct process *process)
{
	if (process->revive && !process->quiet)
		process_handle(process, PROCESS_START);
	process->revive = false;
}

static void stopped(struct process *process)
{
	char how[64];

	wait_status_text(process->status, how, sizeof(how));
	show_status(process);
	log_at(process_exit_expected(process) ? LEVEL_INFO : LEVEL_WARN, "stopped: %s (%s)",
	       name_of(process), how);
	gone(process);
	revive(process);
}

static void canceled(struct process *process)
{
	log_info("stopped: %s (it had not started yet)", name_of(process));
	revive(process);
}

static void disarm(struct process *process)
{
	process->restarts = false;
	ev_timer_stop(process->host->loop, &process->timer);
}

static void lose(struct process *process)
{
	log_error("%s: entered UNKNOWN state, pid %d may go on running", name_of(process),
		  (int)process->pid);
}

static void nothing(struct process *process)
{
	(void)process;
}

static void (*const actions[])(struct process *process) = {
	[ACTION_NONE] = nothing,    [ACTION_SPAWN] = spawn,        [ACTION_LET_GO] = let_go,
	[ACTION_UP] = up,           [ACTION_BACK_OFF] = back_off,  [ACTION_GIVE_UP] = give_up,
	[ACTION_EXITED] = exited,   [ACTION_SIGNAL] = ask_to_stop, [ACTION_KILL] = slay,
	[ACTION_STOPPED] = stopped, [ACTION_CANCELED] = canceled,  [ACTION_DISARM] = disarm,
	[ACTION_LOST] = lose,       [ACTION_END] = put_to_end,
};
_Static_assert(ARRAY_LEN(actions) == PROCESS_NACTIONS, "a function for every action");

void process_act(struct process *process, enum process_action action)
{
	actions[action](process);
}
