/* reload_update.c - an update: stops what is gone or must change, exchanges it, starts what is new.
 * See reload.h.
 *
 * What is to happen to a process stands in process->fate, so that whatever else happens to it
 * meanwhile (it dies, somebody starts it, its group is removed) leaves nothing behind here. */
#include "base/error.h"
#include "base/log.h"
#include "base/strv.h"
#include "config/config.h"
#include "supervisor/control_calls.h"
#include "supervisor/event_pool.h"
#include "supervisor/group.h"
#include "supervisor/listeners.h"
#include "supervisor/logs.h"
#include "supervisor/process.h"
#include "supervisor/reload.h"
#include "supervisor/reload_diff.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct reload *reload, const char *what, const char *name, const char *why)
{
	char *text;

	log_error("update: %s '%s': %s", what, name, why);
	if (reload->failure || asprintf(&text, "%s '%s': %s", what, name, why) < 0)
		return;
	reload->failure = text;
}

/* ---- what is to be done ---- */

/* Whoever stopped it by hand wants it stopped; what runs, tries to, or has never been wanted to is
 * started. */
static bool is_wanted(const struct process *process, const struct config_program *program)
{
	switch (process->state) {
	case PROCESS_STARTING:
	case PROCESS_RUNNING:
	case PROCESS_BACKOFF:
		return true;
	case PROCESS_STOPPED:
		return program->autostart && !process->started_us;
	case PROCESS_STOPPING:
	case PROCESS_UNKNOWN:
		return false;
	default:
		return program->autostart;
	}
}

/* The new values are taken over as they are. */
static void adopt(struct process *process, struct config *target,
		  const struct reload_source *source, enum config_change change)
{
	struct config *before = process->base;
	struct error err = { { 0 } };

	process->base = config_ref(target);
	process->program = source->program;
	process->config = source->config;
	if (change == CHANGE_LIVE) {
		for (int i = 0; i < LOG_NCHANNELS; i++)
			log_pipe_change(process->logs[i]);
		process_vitals_review(process);
		if (counter_is_wanted(process->program) && !process->counter.number &&
		    process_prepare_again(process, &err) < 0)
			log_error("%s: its requests cannot be counted: %s", process->config->name,
				  err.text);
	}
	config_free(before);
}

static bool doom(struct process *process, enum process_fate fate)
{
	process->fate = fate;
	process->quiet = true;
	return !process_is_down(process);
}

/* By processes of any of its generations. */
static bool zygote_is_used(const struct supervisor *supervisor, const char *name)
{
	const struct groups *groups = &supervisor->groups;

	for (size_t i = 0; i < groups->n; i++)
		for (size_t j = 0; j < groups->all[i]->n; j++) {
			const char *its = groups->all[i]->processes[j]->program->zygote;

			if (its && strcmp(its, name) == 0)
				return true;
		}
	return false;
}

static bool zygote_rolls(const struct supervisor *supervisor, const char *name)
{
	const struct config_zygote *now =
		name ? config_find_zygote(supervisor->reload.target, name) : NULL;
	const struct zygote_link *link = name ? zygotes_find(&supervisor->zygotes, name) : NULL;

	if (!supervisor->reload.all || !now || !link || !zygote_is_used(supervisor, name) ||
	    (!link->proved && link->state == ZYGOTE_IMPORTING))
		return false;
	return supervisor->reload.every || !config_zygote_same(link->config, now);
}

/* Whether it is replaced by a rollout, without a gap, and not stopped here: rollout.h. */
static bool plan_rollout(struct supervisor *supervisor, const struct process *process,
			 const struct reload_source *source)
{
	const struct config_program *program = source->program;

	if (process->listener || process_is_down(process) ||
	    strcmp(process->program->name, program->name) != 0)
		return false;
	if (zygote_rolls(supervisor, program->zygote))
		return true;
	if (replace_is_old_first(program))
		return false;
	if (strv_contains(supervisor->reload.rolls, program->name))
		return true;
	return strv_add(&supervisor->reload.rolls, program->name) == 0;
}

/* Whether something of it has to be stopped. */
static bool plan_process(struct supervisor *supervisor, struct process *process,
			 struct config *target, const struct config_group *its)
{
	struct reload_source source = reload_find(target, its, process->config->name);
	enum config_change change;
	bool wanted;

	if (!source.config)
		return doom(process, FATE_REMOVE);
	change = reload_compare(process, &source);
	if (change != CHANGE_RESTART) {
		adopt(process, target, &source, change);
		return false;
	}
	if (plan_rollout(supervisor, process, &source))
		return false;
	wanted = is_wanted(process, source.program);
	return doom(process, wanted ? FATE_RESTART : FATE_EXCHANGE);
}

static bool doom_all(struct group *group)
{
	bool stopped = false;

	group->leaving = true;
	for (size_t i = 0; i < group->n; i++)
		stopped |= doom(group->processes[i], FATE_REMOVE);
	return stopped;
}

static void note(char ***names, const char *name)
{
	if (strv_add(names, name) < 0)
		log_error("update: out of memory for the list of groups");
}

/* A group that stays. */
static void plan_group(struct supervisor *supervisor, struct group *group,
		       const struct config_group *its)
{
	struct reload *reload = &supervisor->reload;
	struct config *target = reload->target, *before = group->base;
	struct error err = { { 0 } };
	bool stopped = false;

	if (!reload_differs(group, target, its))
		return;
	if (reload_need(supervisor, target, its, &err) < 0) {
		fail(reload, "cannot change group", group->name, err.text);
		return;
	}
	note(&reload->names.changed, group->name);
	if (reload_is_whole(group, target, its)) {
		stopped = doom_all(group);
	} else {
		for (size_t i = 0; i < group->n; i++)
			stopped |= plan_process(supervisor, group->processes[i], target, its);
		if (group->pool)
			event_pool_change(group->pool, &group->processes[0]->program->listener);
		group->base = config_ref(target);
		group->config = its;
		config_free(before);
	}
	if (stopped)
		note(&reload->names.stopped, group->name);
}

static void plan(struct supervisor *supervisor, const char *name)
{
	struct reload *reload = &supervisor->reload;
	const struct config *target = reload->target;

	for (size_t i = 0; i < supervisor->groups.n; i++) {
		struct group *group = supervisor->groups.all[i];
		const struct config_group *its = config_find_group(target, group->name);

		if (name && strcmp(name, group->name) != 0)
			continue;
		if (its) {
			plan_group(supervisor, group, its);
			continue;
		}
		note(&reload->names.removed, group->name);
		if (doom_all(group))
			note(&reload->names.stopped, group->name);
	}
	for (size_t i = 0; i < target->ngroups; i++) {
		const char *its = target->groups[i].name;

		if ((!name || strcmp(name, its) == 0) && !groups_find(&supervisor->groups, its))
			note(&reload->names.added, its);
	}
	groups_sort(&supervisor->groups);
}

/* Tells what has to go to stop; what depends on others of it goes first. */
static void stop_doomed(struct supervisor *supervisor)
{
	const struct groups *groups = &supervisor->groups;
	struct process **doomed;
	size_t n = 0;

	for (size_t i = 0; i < groups->n; i++)
		n += groups->all[i]->n;
	doomed = calloc(n + 1, sizeof(struct process *));
	if (!doomed)
		return; /* then they go in no order: step_process() */
	n = 0;
	for (size_t i = 0; i < groups->n; i++)
		for (size_t j = 0; j < groups->all[i]->n; j++)
			if (groups->all[i]->processes[j]->fate != FATE_STAY)
				doomed[n++] = groups->all[i]->processes[j];
	order_stop(&supervisor->order, doomed, n);
	free(doomed);
}

static void add_rollout(struct supervisor *supervisor, const char *name, bool is_program,
			const char *cause)
{
	if (!rollouts_add(&supervisor->rollouts, name, is_program, cause, NULL))
		fail(&supervisor->reload, "cannot replace", name, "out of memory");
}

/* Those wait until the update is over. */
static void begin_rollouts(struct supervisor *supervisor)
{
	const struct reload *reload = &supervisor->reload;
	const struct config *target = reload->target;
	const char *cause = reload->every ? reload->every : "update";

	for (size_t i = 0; reload->all && i < target->nzygotes; i++)
		if (zygote_rolls(supervisor, target->zygotes[i].name))
			add_rollout(supervisor, target->zygotes[i].name, false, cause);
	for (char **name = reload->rolls; name && *name; name++)
		add_rollout(supervisor, *name, true, cause);
}

void reload_to(struct supervisor *supervisor, const char *name, struct config *target)
{
	struct reload *reload = &supervisor->reload;

	reload->target = config_ref(target);
	reload->all = !name;
	if (reload->all)
		rollouts_retarget(&supervisor->rollouts, target);
	listeners_renew(supervisor->listeners);
	plan(supervisor, name);
	begin_rollouts(supervisor);
	stop_doomed(supervisor);
	supervisor_plan_step(supervisor);
}

int reload_everything(struct supervisor *supervisor, const char *cause)
{
	if (supervisor->reload.target)
		return -EBUSY;
	supervisor->reload.every = cause;
	return reload_update(supervisor, NULL);
}

int reload_update(struct supervisor *supervisor, const char *name)
{
	struct reload *reload = &supervisor->reload;

	if (reload->target)
		return -EBUSY;
	if (name && !groups_find(&supervisor->groups, name) &&
	    !config_find_group(supervisor->latest, name))
		return -ENOENT;
	reload_to(supervisor, name, supervisor->latest);
	if (!name)
		reload_daemon(supervisor);
	return 0;
}

/* ---- doing it ---- */

static struct process *make(struct supervisor *supervisor, struct group *group,
			    const struct reload_source *source)
{
	struct process_source from = { group->base, group->name, source->program, source->config,
				       0 };
	const char *zygote = source->program->zygote;
	struct error err = { { 0 } };
	struct process *process =
		process_new(&supervisor->process_host, &from,
			    zygote ? zygotes_find(&supervisor->zygotes, zygote) : NULL, &err);

	if (!process)
		fail(&supervisor->reload, "cannot make process", source->config->name, err.text);
	return process;
}

/* It is down: what it is to become takes its place.  false: nothing does. */
static bool exchange(struct supervisor *supervisor, struct group *group, size_t i)
{
	struct process *process = group->processes[i], *next = NULL;
	bool start = process->fate == FATE_RESTART, asleep = process->drowse.asleep;
	struct reload_source source = { 0 };

	if (process->fate != FATE_REMOVE)
		source = reload_find(group->base, group->config, process->config->name);
	process_free(process); /* first: its logs and names are those of the next */
	if (source.config)
		next = make(supervisor, group, &source);
	if (!next) {
		group->n--;
		memmove(&group->processes[i], &group->processes[i + 1],
			(group->n - i) * sizeof(struct process *));
		return false;
	}
	group->processes[i] = next;
	next->drowse.asleep = asleep;
	if (start && !asleep)
		process_handle(next, PROCESS_START);
	return true;
}

/* One process that cannot stay.  Whether it still stands in the way. */
static bool step_process(struct supervisor *supervisor, struct group *group, size_t i)
{
	struct process *process = group->processes[i];

	if (process->fate == FATE_STAY)
		return false;
	if (process_is_down(process)) {
		exchange(supervisor, group, i);
		return false;
	}
	if (!process->condemned)
		process_handle(process, PROCESS_STOP); /* if it is STOPPING, this means nothing */
	if (process_is_down(process)) {
		exchange(supervisor, group, i);
		return false;
	}
	return true;
}

static void stop_what_goes(struct supervisor *supervisor, bool *ret_busy)
{
	struct groups *groups = &supervisor->groups;

	*ret_busy = false;
	for (size_t i = groups->n; i > 0; i--) {
		struct group *group = groups->all[i - 1];

		for (size_t j = group->n; j > 0; j--)
			*ret_busy |= step_process(supervisor, group, j - 1);
		if (!group->leaving || group->n)
			continue;
		events_group(&supervisor->events, group->name, false);
		groups_remove(groups, group);
	}
}

/* Processes that the group has gained. */
static void fill_up(struct supervisor *supervisor, struct group *group)
{
	const struct config_group *its = group->config;

	for (size_t i = 0; i < its->nprograms; i++) {
		const struct config_program *program = &group->base->programs[its->programs[i]];

		for (size_t j = 0; j < program->nprocesses; j++) {
			struct reload_source source = { group->base, program,
							&program->processes[j] };
			struct process *process;

			if (group_find(group, source.config->name))
				continue;
			process = make(supervisor, group, &source);
			if (process && group_insert(group, process) < 0) {
				fail(&supervisor->reload, "cannot make process",
				     source.config->name, "out of memory");
				process_free(process);
				process = NULL;
			}
			if (process && program->autostart)
				demand_autostart(process);
		}
	}
}

static void add_missing(struct supervisor *supervisor, const struct config_group *its)
{
	struct reload *reload = &supervisor->reload;
	struct error err = { { 0 } };

	if (reload_add_group(supervisor, reload->target, its, &err) < 0)
		fail(reload, "cannot add group", its->name, err.text);
	else
		group_start(groups_find(&supervisor->groups, its->name));
}

static void start_what_comes(struct supervisor *supervisor)
{
	const struct reload *reload = &supervisor->reload;
	const struct config *target = reload->target;

	for (size_t i = 0; i < target->ngroups; i++) {
		const struct config_group *its = &target->groups[i];
		struct group *group = groups_find(&supervisor->groups, its->name);

		if (!strv_contains(reload->names.changed, its->name) &&
		    !strv_contains(reload->names.added, its->name))
			continue;
		if (!group) {
			add_missing(supervisor, its);
		} else if (group->config == its) {
			group_sort(group);
			fill_up(supervisor, group);
		}
	}
}

/* ---- the end ---- */

static void log_names(const char *what, char *const *names)
{
	for (; names && *names; names++)
		log_info("update: %s process group %s", what, *names);
}

void reload_step(struct supervisor *supervisor)
{
	struct reload *reload = &supervisor->reload;
	bool busy, again = reload->again;

	if (!reload->target || supervisor->phase != SUPERVISOR_RUNNING)
		return;
	stop_what_goes(supervisor, &busy);
	if (busy)
		return;
	start_what_comes(supervisor);
	if (rollouts_are_idle(&supervisor->rollouts)) /* else when they are over */
		reload_sweep(supervisor);
	if (reload->all)
		reload_sockets(supervisor, fail);
	zygotes_want_spares(&supervisor->zygotes, supervisor->latest);
	log_names("removed", reload->names.removed);
	log_names("changed", reload->names.changed);
	log_names("added", reload->names.added);
	if (!reload->names.removed && !reload->names.changed && !reload->names.added)
		log_info("update: no process group has changed");
	order_changed(&supervisor->order); /* depends_on may be another */
	recycle_changed(&supervisor->recycle, NULL);
	demand_changed(&supervisor->demand, NULL);
	control_updated(&supervisor->calls);
	reload_trouble(supervisor, reload->failure);
	reload_done(reload);
	if (again)
		reload_all(supervisor);
	reload_settled(supervisor);
	rollouts_look_soon(&supervisor->rollouts);
}
