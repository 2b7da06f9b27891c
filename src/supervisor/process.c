/* process.c - see process.h. */
#include "supervisor/process.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/event_listener.h"
#include "supervisor/fcgi.h"
#include "supervisor/replace.h"

#include <string.h>

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct process *process = container_of(timer, struct process, timer);

	(void)loop;
	(void)events;
	switch (process->state) {
	case PROCESS_STARTING:
		if (process_is_unfit(process))
			process_handle(process, PROCESS_DEADLINE);
		else if (process->config->ready.kind)
			process_vitals_late(process);
		else
			process_handle(process, PROCESS_UP);
		break;
	case PROCESS_BACKOFF:
	case PROCESS_EXITED:
		process_handle(process, PROCESS_RETRY);
		break;
	case PROCESS_RUNNING:
		if (process_is_unfit(process))
			process_handle(process, PROCESS_DEADLINE);
		else
			process_established(process);
		break;
	default:
		process_handle(process, PROCESS_DEADLINE);
	}
}

static void on_death(struct reaper_watch *watch, int status)
{
	struct process *process = container_of(watch, struct process, watch);

	process->status = status;
	process_handle(process, PROCESS_EXIT);
}

static struct process *make(struct process_host *host, const struct process_source *source,
			    struct zygote_link *zygote, struct process *old, struct error *err)
{
	struct process *process = calloc(1, sizeof(*process));
	int r = 0;

	if (!process) {
		error_set(err, "out of memory");
		return NULL;
	}
	process->host = host;
	process->base = config_ref(source->base);
	process->program = source->program;
	process->config = source->config;
	process->zygote = zygote;
	process->generation = zygote ? zygote->generation : source->generation;
	if (!process->generation)
		process->generation = 1;
	if (zygote)
		zygote->users++;
	if (old) {
		process->role = ROLE_COMING;
		process->serial = ++host->last_serial;
		process->measured = old->measured;
		process_logs_share(process, old);
	}
	process->watch.dead = on_death;
	process->ticket.gate = -1;
	process->stdin_fd = -1;
	process_hooks_init(process);
	process->cgroup.procs = -1;
	counter_init(&process->counter);
	ev_init(&process->timer, on_timer);
	process->group = strdup(source->group);
	if (!process->group)
		r = error_set(err, "out of memory");
	else if (source->program->zygote && !zygote) /* its command is not for exec */
		r = error_set(err, "its zygote '%s' is not there", source->program->zygote);
	if (r < 0 || process_vitals_new(process, err) < 0 || process_prepare(process, err) < 0) {
		process_free(process);
		return NULL;
	}
	return process;
}

struct process *process_new(struct process_host *host, const struct process_source *source,
			    struct zygote_link *zygote, struct error *err)
{
	return make(host, source, zygote, NULL, err);
}

struct process *process_new_beside(struct process *old, const struct process_source *source,
				   struct zygote_link *zygote, struct error *err)
{
	return make(old->host, source, zygote, old, err);
}

void process_wait(struct process *process, struct process_waiter *waiter)
{
	waiter->next = process->waiters;
	process->waiters = waiter;
}

void process_unwait(struct process *process, struct process_waiter *waiter)
{
	struct process_waiter **at = &process->waiters;

	while (*at && *at != waiter)
		at = &(*at)->next;
	if (*at)
		*at = waiter->next;
}

void process_move_waiters(struct process *from, struct process *to)
{
	struct process_waiter *next;

	for (struct process_waiter *at = from->waiters; at; at = next) {
		next = at->next;
		process_unwait(from, at);
		process_wait(to, at);
		at->changed(at, to);
	}
}

static void tell_waiters(struct process *process)
{
	struct process_waiter *next;

	for (struct process_waiter *at = process->waiters; at; at = next) {
		next = at->next;
		at->changed(at, process);
	}
}

void process_free(struct process *process)
{
	if (!process)
		return;
	while (process->waiters) {
		struct process_waiter *waiter = process->waiters;

		process->waiters = waiter->next;
		waiter->changed(waiter, NULL);
	}
	replaces_forget(process);
	event_listener_done(process->listener);
	ev_timer_stop(process->host->loop, &process->timer);
	if (process->zygote) {
		zygote_link_cancel(process->zygote, &process->ticket);
		process->zygote->users--;
	}
	reaper_unwatch(process->host->reaper, &process->watch);
	fd_close(&process->ticket.gate);
	process_close_stdin(process);
	hook_done(&process->hook);
	process_vitals_free(process);
	fcgi_release(&process->host->fcgi_sockets, process->fcgi);
	cgroup_close(&process->cgroup);
	counter_done(&process->counter);
	user_done(&process->user);
	process_logs_drop(process); /* says whose they were */
	free(process->environment);
	free(process->group);
	buf_done(&process->request);
	config_free(process->base);
	free(process);
}

/* The program's socket is open while it runs or will run again. */
static void drop_socket(struct process *process)
{
	if (!process->fcgi || !process_is_down(process))
		return;
	fcgi_release(&process->host->fcgi_sockets, process->fcgi);
	process->fcgi = NULL;
}

void process_settled(struct process *process)
{
	drop_socket(process);
	process->host->changed(process->host, process);
	tell_waiters(process);
}

static void handle_one(struct process *process, enum process_event event)
{
	const struct process_rule *rule = process_rule(process->state, event);
	enum process_state before = process->state;

	if (!rule) {
		log_debug("%s: %s means nothing in state %s", process->config->name,
			  process_event_name(event), process_state_name(process->state));
		return;
	}
	/* first the state, then the action: the action may bring the next event */
	process->state = rule->next;
	if (before != rule->next) {
		ev_timer_stop(process->host->loop, &process->timer);
		process->host->entering(process->host, process, before);
	}
	process_act(process, rule->action);
	if (before != rule->next)
		process->host->changed(process->host, process);
	drop_socket(process);
	tell_waiters(process);
}

/* In the order in which they came, but before those that were pending already: as if the action had
 * called a function. */
static void push_pending(struct process *process, enum process_event event)
{
	if (process->npending == PROCESS_PENDING) {
		log_error("%s: %s is lost, too many events at once", process->config->name,
			  process_event_name(event));
		return;
	}
	for (unsigned i = process->npending; i > process->pending_at; i--)
		process->pending[i] = process->pending[i - 1];
	process->pending[process->pending_at++] = event;
	process->npending++;
}

static enum process_event pop_pending(struct process *process)
{
	enum process_event event = process->pending[0];

	process->npending--;
	for (unsigned i = 0; i < process->npending; i++)
		process->pending[i] = process->pending[i + 1];
	process->pending_at = 0;
	return event;
}

void process_handle(struct process *process, enum process_event event)
{
	push_pending(process, event);
	if (process->handling)
		return;
	process->handling = true;
	while (process->npending)
		handle_one(process, pop_pending(process));
	process->handling = false;
}

bool process_is_down(const struct process *process)
{
	if (hook_is_active(&process->hook))
		return false;
	switch (process->state) {
	case PROCESS_STOPPED:
	case PROCESS_FATAL:
		return true;
	case PROCESS_EXITED:
		return !process->restarts;
	case PROCESS_UNKNOWN:
		return !ev_is_active(&process->timer);
	default:
		return false;
	}
}
