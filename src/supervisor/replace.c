/* replace.c - see replace.h. */
#include "supervisor/replace.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/demand.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"
#include "supervisor/wait_status.h"
#include "supervisor/zygote_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- processes without a slot ---- */

static void look_soon(struct replaces *replaces)
{
	ev_timer_stop(replaces->loop, &replaces->look);
	ev_timer_set(&replaces->look, 0., 0.);
	ev_timer_start(replaces->loop, &replaces->look);
}

/* Room for those that may have to leave, made before anything is begun: then it cannot fail when it
 * is late. */
static int reserve(struct replaces *replaces)
{
	size_t needed = replaces->nleaving + 2;
	struct process **leaving;

	for (const struct replace *at = replaces->first; at; at = at->after)
		needed += 2;
	if (needed <= replaces->room)
		return 0;
	leaving = realloc(replaces->leaving, 2 * needed * sizeof(struct process *));
	if (!leaving)
		return -ENOMEM;
	replaces->leaving = leaving;
	replaces->room = 2 * needed;
	return 0;
}

/* Its slot is another one's, or it never had one. */
static void dismiss(struct replaces *replaces, struct process *process)
{
	process->role = ROLE_LEAVING;
	process->quiet = true;
	process->replace = NULL;
	replaces->leaving[replaces->nleaving++] = process;
	if (!process_is_down(process) && process->state != PROCESS_STOPPING)
		process_handle(process, PROCESS_STOP);
	look_soon(replaces);
}

static void bury(struct replaces *replaces)
{
	size_t kept = 0, n = replaces->nleaving;

	for (size_t i = 0; i < n; i++) {
		struct process *process = replaces->leaving[i];

		if (process_is_down(process))
			process_free(process);
		else
			replaces->leaving[kept++] = process;
	}
	replaces->nleaving = kept;
	if (kept < n)
		replaces->gone(replaces);
}

/* ---- slots ---- */

static struct process **slot_of(const struct replaces *replaces, const struct process *process)
{
	struct group *group = groups_find(replaces->groups, process->group);

	for (size_t i = 0; group && i < group->n; i++)
		if (group->processes[i] == process)
			return &group->processes[i];
	return NULL;
}

static void take_slot(struct process **slot, struct process *next)
{
	struct process *old = *slot;

	*slot = next;
	next->role = ROLE_SLOT;
	next->drowse.asleep = old->drowse.asleep;
	if (demand_is_asleep(next))
		memcpy(next->note, old->note, sizeof(next->note));
	old->role = ROLE_LEAVING;
	process_logs_adopt(next, old);
	process_move_waiters(old, next);
}

struct process *replace_swap(struct replaces *replaces, struct process *old,
			     const struct process_source *source, struct zygote_link *zygote,
			     struct error *err)
{
	struct process **slot = slot_of(replaces, old), *next;

	if (!slot || reserve(replaces) < 0) {
		error_set(err, "out of memory");
		return NULL;
	}
	next = process_new_beside(old, source, zygote, err);
	if (!next)
		return NULL;
	take_slot(slot, next);
	metrics_inherit(&next->counters, &old->counters);
	dismiss(replaces, old);
	return next;
}

bool replace_is_old_first(const struct config_program *program)
{
	switch (program->replace) {
	case REPLACEMENT_NEW_FIRST:
		return false;
	case REPLACEMENT_OLD_FIRST:
		return true;
	default:
		return !program->zygote && !program->sockets;
	}
}

bool replaces_precede(const struct replaces *replaces, const struct process *process)
{
	for (size_t i = 0; i < replaces->nleaving; i++) {
		const struct process *its = replaces->leaving[i];

		if (replace_is_old_first(process->program) && !process_is_down(its) &&
		    strcmp(its->group, process->group) == 0 &&
		    strcmp(its->config->name, process->config->name) == 0)
			return true;
	}
	return false;
}

bool replace_is_on_trial(const struct process *process)
{
	return process->replace && process->replace->took_slot && process->replace->next == process;
}

/* ---- one attempt ---- */

static void forget(struct replace *replace)
{
	struct replaces *replaces = replace->replaces;

	if (replace->before)
		replace->before->after = replace->after;
	else
		replaces->first = replace->after;
	if (replace->after)
		replace->after->before = replace->before;
	if (replaces->next == replace)
		replaces->next = replace->after;
	replace->before = replace->after = NULL;
	replace->state = REPLACE_IDLE;
	if (replace->old)
		replace->old->replace = NULL;
	if (replace->next)
		replace->next->replace = NULL;
}

/* Puts the old one back, if it had to leave first, and lets go of the next one. */
static void undo(struct replace *replace, bool start)
{
	struct process *old = replace->old, *next = replace->next;
	struct process **slot =
		replace->took_slot && next ? slot_of(replace->replaces, next) : NULL;

	forget(replace);
	if (replace->took_slot && slot) {
		take_slot(slot, old);
		old->counters = next->counters; /* they have gone on */
		old->quiet = false;
		dismiss(replace->replaces, next);
		if (start)
			process_handle(old, PROCESS_START);
	} else if (replace->took_slot) { /* the slot is gone, and next with it */
		dismiss(replace->replaces, old);
	} else {
		if (next)
			dismiss(replace->replaces, next);
		if (old && replace->old_first && old->fate == FATE_STAY) {
			old->quiet = false;
			old->revive = start && !process_is_down(old);
			if (start && process_is_down(old))
				process_handle(old, PROCESS_START);
		}
	}
}

static void end(struct replace *replace, enum replace_end how, const char *why)
{
	snprintf(replace->note, sizeof(replace->note), "%s", why);
	undo(replace, how == REPLACE_FAILED);
	replace->ended(replace, how, replace->note);
}

void replace_cancel(struct replace *replace)
{
	if (replace->state != REPLACE_IDLE)
		undo(replace, true);
}

int replace_begin(struct replaces *replaces, struct replace *replace, struct process *old,
		  const struct process_source *source, struct zygote_link *zygote,
		  struct error *err)
{
	if (old->replace || old->condemned || old->fate != FATE_STAY ||
	    old->state == PROCESS_STOPPING || !slot_of(replaces, old))
		return -EBUSY;
	if (reserve(replaces) < 0)
		return error_set(err, "out of memory");
	replace->next = process_new_beside(old, source, zygote, err);
	if (!replace->next)
		return -1;
	replace->next->replace = replace;
	replace->replaces = replaces;
	replace->old = old;
	replace->old_first = replace_is_old_first(replace->next->program);
	replace->took_slot = replace->unwanted = false;
	replace->before = NULL;
	replace->after = replaces->first;
	if (replace->after)
		replace->after->before = replace;
	replaces->first = replace;
	old->replace = replace;
	if (replace->old_first) {
		replace->state = REPLACE_STOPPING;
		old->quiet = true;
		process_handle(old, PROCESS_STOP);
	} else {
		replace->state = REPLACE_STARTING;
		process_handle(replace->next, PROCESS_START);
	}
	look_soon(replaces);
	return 0;
}

struct process *replace_commit(struct replace *replace)
{
	struct replaces *replaces = replace->replaces;
	struct process *old = replace->old, *next = replace->next;
	struct process **slot;

	if (!next || next->state != PROCESS_RUNNING || next->fate != FATE_STAY) {
		look_soon(replaces);
		return NULL;
	}
	if (replace->took_slot) {
		forget(replace);
		dismiss(replaces, old);
		return next;
	}
	slot = old ? slot_of(replaces, old) : NULL;
	if (!slot || old->condemned || old->fate != FATE_STAY || old->state == PROCESS_STOPPING ||
	    process_is_down(old)) {
		look_soon(replaces);
		return NULL;
	}
	forget(replace);
	take_slot(slot, next);
	metrics_inherit(&next->counters, &old->counters);
	log_info("%s: pid %d takes the place of pid %d", next->config->name, (int)next->pid,
		 (int)old->pid);
	dismiss(replaces, old);
	next->host->changed(next->host, next);
	return next;
}

bool replace_is_between(const struct process *process)
{
	return process->role == ROLE_SLOT && process->replace &&
	       process->replace->state == REPLACE_STOPPING;
}

void replace_give_up(struct process *process)
{
	process->replace->unwanted = true;
	look_soon(process->replace->replaces);
}

/* ---- looking at them ---- */

/* Why the next one did not stay: in a word or two, for people. */
static void explain(const struct process *next, char *text, size_t size)
{
	char how[64];

	wait_status_text(next->status, how, sizeof(how));
	if (next->spawnerr[0] && next->stopped_us)
		snprintf(text, size, "%s (%s)", next->spawnerr, how);
	else if (next->spawnerr[0])
		snprintf(text, size, "%s", next->spawnerr);
	else
		snprintf(text, size, "exited (%s)", how);
}

static void look_next(struct replace *replace)
{
	const struct process *next = replace->next;
	char text[sizeof(replace->note)];

	switch (next->state) {
	case PROCESS_STARTING:
		process_recheck(replace->next); /* nobody else would */
		return;
	case PROCESS_RUNNING:
		if (replace->state != REPLACE_STARTING)
			return;
		replace->state = REPLACE_READY;
		replace->ready(replace);
		return;
	case PROCESS_BACKOFF:
		if (next->no_fault && replace->state == REPLACE_STARTING)
			return; /* no memory, no free pid: that passes */
		break;
	default:
		break;
	}
	explain(next, text, sizeof(text));
	end(replace, REPLACE_FAILED, text);
}

/* Old first: the slot is the next one's as soon as it is free. */
static void pass_slot(struct replace *replace)
{
	struct process **slot = slot_of(replace->replaces, replace->old);

	replace->state = REPLACE_STARTING;
	replace->took_slot = true;
	take_slot(slot, replace->next);
	metrics_inherit(&replace->next->counters, &replace->old->counters);
	process_handle(replace->next, PROCESS_START);
}

static void look_at(struct replace *replace)
{
	const struct process *old = replace->old, *next = replace->next;

	if (replace->took_slot) {
		if (!next || next->fate != FATE_STAY)
			end(replace, REPLACE_OFF, "it was removed");
		else if (next->state == PROCESS_STOPPING || next->state == PROCESS_STOPPED)
			end(replace, REPLACE_OFF, "it was stopped");
		else
			look_next(replace);
	} else if (!old || old->fate != FATE_STAY) {
		end(replace, REPLACE_OFF, "it was removed");
	} else if (replace->unwanted) {
		end(replace, REPLACE_OFF, "it was stopped");
	} else if (replace->state == REPLACE_STOPPING) {
		if (process_is_down(old))
			pass_slot(replace);
		else if (old->state != PROCESS_STOPPING)
			process_handle(replace->old,
				       PROCESS_STOP); /* somebody has started it again */
	} else if (old->state == PROCESS_STOPPING || process_is_down(old)) {
		end(replace, REPLACE_OFF, "it was stopped");
	} else {
		look_next(replace);
	}
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct replaces *replaces = container_of(timer, struct replaces, look);

	(void)loop;
	(void)events;
	/* what is told of one may end others: forget() keeps `next` right */
	for (struct replace *at = replaces->first; at; at = replaces->next) {
		replaces->next = at->after;
		look_at(at);
	}
	bury(replaces);
}

/* ---- all of them ---- */

void replaces_init(struct replaces *replaces, struct ev_loop *loop, const struct groups *groups,
		   void (*gone)(struct replaces *replaces))
{
	memset(replaces, 0, sizeof(*replaces));
	replaces->loop = loop;
	replaces->groups = groups;
	replaces->gone = gone;
	ev_init(&replaces->look, on_look);
}

void replaces_changed(struct replaces *replaces)
{
	if (replaces->first || replaces->nleaving)
		look_soon(replaces);
}

void replaces_forget(struct process *process)
{
	struct replace *replace = process->replace;

	if (!replace)
		return;
	if (replace->old == process)
		replace->old = NULL;
	else
		replace->next = NULL;
	look_soon(replace->replaces);
}

void replaces_cancel(struct replaces *replaces)
{
	while (replaces->first)
		end(replaces->first, REPLACE_OFF, "the supervisor is stopping");
}

size_t replaces_leaving(const struct replaces *replaces, const struct process *process)
{
	size_t n = 0;

	for (size_t i = 0; i < replaces->nleaving; i++) {
		const struct process *its = replaces->leaving[i];

		n += strcmp(its->group, process->group) == 0 &&
		     strcmp(its->program->name, process->program->name) == 0;
	}
	return n;
}

bool replaces_are_down(const struct replaces *replaces)
{
	return replaces->nleaving == 0;
}

void replaces_kill(struct replaces *replaces)
{
	for (size_t i = 0; i < replaces->nleaving; i++) {
		process_handle(replaces->leaving[i], PROCESS_DEADLINE);
		hook_kill(&replaces->leaving[i]->hook);
	}
}

void replaces_list_alive(const struct replaces *replaces, struct buf *names)
{
	for (size_t i = 0; i < replaces->nleaving; i++)
		buf_printf(names, "%s%s", names->len ? ", " : "",
			   replaces->leaving[i]->config->name);
}

void replaces_done(struct replaces *replaces)
{
	if (!replaces->loop)
		return;
	ev_timer_stop(replaces->loop, &replaces->look);
	while (replaces->first) {
		struct replace *replace = replaces->first;
		struct process *parked = replace->took_slot ? replace->old : NULL;
		struct process *next = replace->took_slot ? NULL : replace->next;

		forget(replace);
		process_free(parked);
		process_free(next);
	}
	for (size_t i = 0; i < replaces->nleaving; i++)
		process_free(replaces->leaving[i]);
	free(replaces->leaving);
	memset(replaces, 0, sizeof(*replaces));
}
