/* rollout.c - see rollout.h: the queue, the phases, what is remembered. */
#include "supervisor/rollout.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"
#include "supervisor/supervisor.h"
#include "supervisor/zygote_report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK_SECONDS 1.

void rollouts_look_soon(struct rollouts *rollouts)
{
	struct ev_loop *loop = rollouts->supervisor->loop;

	ev_timer_stop(loop, &rollouts->look);
	ev_timer_set(&rollouts->look, 0., 0.);
	ev_timer_start(loop, &rollouts->look);
}

static void look_in(struct rollouts *rollouts, double seconds)
{
	struct ev_loop *loop = rollouts->supervisor->loop;

	ev_timer_stop(loop, &rollouts->watch);
	ev_now_update(loop);
	ev_timer_set(&rollouts->watch, seconds, 0.);
	ev_timer_start(loop, &rollouts->watch);
}

/* Why it has not succeeded; what does not fit is left out. */
static void __attribute__((format(printf, 2, 3)))
explain(struct rollout *rollout, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(rollout->why, sizeof(rollout->why), format, ap);
	va_end(ap);
}

static void free_rollout(struct rollout *rollout)
{
	rollout_free_slots(rollout);
	if (rollout->candidate)
		rollout->candidate->holds--;
	config_free(rollout->target);
	free(rollout->name);
	free(rollout->cause);
	free(rollout->undo);
	free(rollout);
}

/* The oldest ones that have ended; not while anybody walks along the list. */
static void trim(struct rollouts *rollouts)
{
	size_t n = 0;

	for (const struct rollout *at = rollouts->all; at; at = at->next)
		n++;
	for (struct rollout **at = &rollouts->all; *at && n > ROLLOUT_HISTORY;) {
		struct rollout *oldest = *at;

		if (oldest->phase != ROLLOUT_ENDED) {
			at = &oldest->next;
			continue;
		}
		*at = oldest->next;
		free_rollout(oldest);
		n--;
	}
}

/* ---- the end of one ---- */

static const char *const outcomes[] = {
	[OUTCOME_DONE] = "done",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_ROLLED_BACK] = "rolled back",
	[OUTCOME_CANCELED] = "called off",
	[OUTCOME_SUPERSEDED] = "a later one takes its place",
	[OUTCOME_FAILED] = "failed, and so did going back",
};

static bool has_process(const struct supervisor *supervisor, const struct zygote_link *link)
{
	const struct groups *groups = &supervisor->groups;

	for (size_t i = 0; i < groups->n; i++)
		for (size_t j = 0; j < groups->all[i]->n; j++)
			if (groups->all[i]->processes[j]->zygote == link)
				return true;
	return false;
}

/* Of all generations only one is needed any more, but for what could not be brought to it. */
static void dismiss_others(struct rollout *rollout, const struct zygote_link *kept)
{
	struct supervisor *supervisor = rollout->rollouts->supervisor;

	for (size_t i = 0; i < supervisor->zygotes.n; i++) {
		struct zygote_link *link = supervisor->zygotes.all[i];

		if (link != kept && !link->leaving &&
		    strcmp(link->config->name, rollout->name) == 0 &&
		    !has_process(supervisor, link))
			zygotes_dismiss(link);
	}
}

static void settle_zygotes(struct rollout *rollout)
{
	struct supervisor *supervisor = rollout->rollouts->supervisor;
	struct zygotes *zygotes = &supervisor->zygotes;
	struct zygote_link *serving = zygotes_find(zygotes, rollout->name);

	if (!rollout->candidate)
		return;
	if (rollout->outcome == OUTCOME_FAILED && has_process(supervisor, rollout->candidate)) {
		/* what could not go back is there to stay, until something better comes */
		if (serving != rollout->candidate && !has_process(supervisor, serving))
			zygotes_promote(zygotes, rollout->candidate);
		dismiss_others(rollout, zygotes_find(zygotes, rollout->name));
	} else if (rollout->outcome == OUTCOME_DONE) {
		dismiss_others(rollout, rollout->candidate);
	} else if (serving == rollout->candidate) { /* promoted, or the first of its name */
		for (size_t i = 0; i < rollout->nslots; i++) {
			struct zygote_link *old = rollout->slots[i]->zygote;

			if (old && old != serving && old->candidate && !old->leaving &&
			    strcmp(old->config->name, rollout->name) == 0) {
				zygotes_promote(zygotes, old);
				dismiss_others(rollout, old);
				break;
			}
		}
	} else {
		dismiss_others(rollout, serving);
	}
	rollout->candidate->holds--;
	rollout->candidate = NULL;
}

/* What was set for it has failed: the next reading shall not bring it again. */
static void restore_settings(struct rollout *rollout)
{
	struct supervisor *supervisor = rollout->rollouts->supervisor;
	struct buf messages = { 0 };
	struct error err = { { 0 } };

	for (struct rollout *at = rollout->next; at; at = at->next) {
		if (at->phase == ROLLOUT_ENDED || at->is_program ||
		    strcmp(at->name, rollout->name) != 0)
			continue;
		free(at->undo); /* its own settings hold; what failed is not to come back after it
				 */
		at->undo = rollout->undo;
		rollout->undo = NULL;
		return;
	}
	if (config_settings_replace(&supervisor->settings, rollout->name, rollout->undo, &err) < 0)
		log_error("reload %u: its settings are kept: %s", rollout->id, err.text);
	else
		(void)reload_read(supervisor, &messages); /* if it fails, `latest` stays */
	buf_done(&messages);
}

static void tell(const struct rollout *rollout)
{
	double seconds = (double)rollout->us / 1e6;

	if (rollout->outcome == OUTCOME_DONE)
		log_info("reload %u: %s '%s': generation %u serves, after %.1f s%s%s", rollout->id,
			 rollout->is_program ? "program" : "zygote", rollout->name,
			 rollout->generation, seconds, rollout->audit[0] ? ", audit " : "",
			 rollout->audit);
	else
		log_at(rollout->outcome == OUTCOME_SUPERSEDED ? LEVEL_INFO : LEVEL_ERROR,
		       "reload %u: %s '%s': %s after %.1f s%s%s", rollout->id,
		       rollout->is_program ? "program" : "zygote", rollout->name,
		       outcomes[rollout->outcome], seconds, rollout->why[0] ? ": " : "",
		       rollout->why);
}

/* Remembers why, for whoever is told when all is over. */
static void note_trouble(struct rollout *rollout)
{
	struct rollouts *rollouts = rollout->rollouts;
	char *text;

	if (rollout->outcome == OUTCOME_DONE || rollout->outcome == OUTCOME_SUPERSEDED ||
	    rollouts->trouble)
		return;
	if (asprintf(&text, "%s: %s", rollout->name, rollout->why) >= 0)
		rollouts->trouble = text;
}

static void finish(struct rollout *rollout, enum rollout_outcome outcome)
{
	struct rollouts *rollouts = rollout->rollouts;
	struct supervisor *supervisor = rollouts->supervisor;

	if (!rollout->outcome)
		rollout->outcome = outcome;
	rollouts->ended[rollout->outcome]++;
	rollout->phase = ROLLOUT_ENDED;
	rollout->us = rollout->start ? clock_us() - rollout->begun_us : 0;
	tell(rollout);
	note_trouble(rollout);
	settle_zygotes(rollout);
	if (rollout->undo && rollout->outcome != OUTCOME_DONE &&
	    rollout->outcome != OUTCOME_SUPERSEDED)
		restore_settings(rollout);
	for (size_t i = 0; i < rollout->nslots; i++) { /* what is not told any more */
		struct rollout_slot *slot = rollout->slots[i];

		if (slot->zygote)
			slot->zygote->holds--;
		slot->zygote = NULL;
		config_free(slot->base);
		slot->base = NULL;
	}
	config_free(rollout->target);
	rollout->target = NULL;
	if (rollouts->active == rollout)
		rollouts->active = NULL;
	ev_timer_stop(supervisor->loop, &rollouts->watch);
	demand_changed(&supervisor->demand, NULL);
	if (supervisor->phase == SUPERVISOR_RUNNING && !supervisor->reload.target)
		reload_sweep(supervisor);
	supervisor_plan_step(supervisor);
	rollouts_look_soon(rollouts);
}

/* ---- its phases ---- */

static void refuse(struct rollout *rollout)
{
	const struct zygote_link *link = rollout->candidate;
	char text[64];

	zygote_report_summary(link, text, sizeof(text));
	snprintf(rollout->audit, sizeof(rollout->audit), "%s", text);
	if (!link->reported)
		explain(rollout, "its zygote exited before it was ready (%s)", link->how);
	else
		explain(rollout, "%s: %s", text, link->summary.first);
	finish(rollout, OUTCOME_REFUSED);
}

static void begin_zygote(struct rollout *rollout)
{
	struct supervisor *supervisor = rollout->rollouts->supervisor;
	const struct config_zygote *config = config_find_zygote(rollout->target, rollout->name);
	const struct zygote_link *serving = zygotes_find(&supervisor->zygotes, rollout->name);
	struct error err = { { 0 } };

	rollout->before = serving ? serving->generation : 0;
	if (!config) {
		explain(rollout, "it was removed");
		finish(rollout, OUTCOME_CANCELED);
		return;
	}
	rollout->candidate = zygotes_add(&supervisor->zygotes, &supervisor->zygote_host,
					 rollout->target, config);
	if (!rollout->candidate) {
		explain(rollout, "out of memory");
		finish(rollout, OUTCOME_REFUSED);
		return;
	}
	rollout->candidate->holds++;
	rollout->generation = rollout->candidate->generation;
	log_info("reload %u: zygote '%s': generation %u is imported beside generation %u (%s)",
		 rollout->id, rollout->name, rollout->generation, rollout->before, rollout->cause);
	if (zygote_link_start(rollout->candidate, &err) != 0) {
		explain(rollout, "%s", err.text);
		finish(rollout, OUTCOME_REFUSED);
	}
}

static bool has_zygote(const struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->target->nprograms; i++)
		if (strcmp(rollout->target->programs[i].name, rollout->name) == 0)
			return rollout->target->programs[i].zygote != NULL;
	return false;
}

/* The number of a program's generation is what its processes have come to. */
static void begin_program(struct rollout *rollout)
{
	const struct groups *groups = &rollout->rollouts->supervisor->groups;

	for (size_t i = 0; i < groups->n; i++)
		for (size_t j = 0; j < groups->all[i]->n; j++) {
			const struct process *process = groups->all[i]->processes[j];

			if (strcmp(process->program->name, rollout->name) == 0 &&
			    process->generation > rollout->before)
				rollout->before = process->generation;
		}
	/* those of a program with a zygote are forked from the one that serves */
	rollout->generation = rollout->before + !has_zygote(rollout);
	rollout->phase = ROLLOUT_ROLLING;
	log_info("reload %u: program '%s': generation %u (%s)", rollout->id, rollout->name,
		 rollout->generation, rollout->cause);
}

static void begin(struct rollout *rollout)
{
	rollout->rollouts->active = rollout;
	rollout->start = (int64_t)time(NULL);
	rollout->begun_us = clock_us();
	rollout->phase = ROLLOUT_IMPORTING;
	if (rollout->is_program)
		begin_program(rollout);
	else
		begin_zygote(rollout);
}

static void import(struct rollout *rollout)
{
	if (!rollout->imported && rollout->candidate->leaving) {
		explain(rollout, "its zygote was removed");
		finish(rollout, OUTCOME_CANCELED);
		return;
	}
	if (!rollout->imported)
		return;
	if (rollout->status != EXIT_CLEAN) {
		refuse(rollout);
		return;
	}
	rollout->import_us = rollout->candidate->import_us;
	zygote_report_summary(rollout->candidate, rollout->audit, sizeof(rollout->audit));
	rollout->phase = ROLLOUT_ROLLING;
}

bool rollout_has_lost(const struct zygote_link *link)
{
	return link && (link->leaving || (link->state == ZYGOTE_DOWN && link->failures));
}

static void look_at_zygote(struct rollout *rollout)
{
	if (rollout_has_lost(rollout->candidate))
		rollout_fail(rollout, "its new zygote has died, and cannot be imported again");
}

static void roll(struct rollout *rollout)
{
	struct rollouts *rollouts = rollout->rollouts;
	unsigned seconds;

	look_at_zygote(rollout);
	rollout_check(rollout);
	if (!rollout_roll(rollout)) {
		look_in(rollouts, CHECK_SECONDS);
		return;
	}
	seconds = rollout_watch(rollout);
	if (rollout->candidate && rollout->candidate->candidate)
		zygotes_promote(&rollouts->supervisor->zygotes, rollout->candidate);
	zygotes_want_spares(&rollouts->supervisor->zygotes, rollout->target);
	rollout->phase = ROLLOUT_WATCHING;
	if (seconds)
		log_info("reload %u: %s: all processes are replaced, and are watched for %u s",
			 rollout->id, rollout->name, seconds);
	look_in(rollouts, seconds);
}

static void watch(struct rollout *rollout)
{
	look_at_zygote(rollout);
	rollout_check(rollout);
	if (rollout->failing)
		return;
	/* after a first death it is to be seen whether there is a second one */
	if (rollout->unsettled && rollout_watch(rollout))
		look_in(rollout->rollouts, rollout_watch(rollout));
	else if (!ev_is_active(&rollout->rollouts->watch))
		finish(rollout, OUTCOME_DONE);
}

static void turn_back(struct rollout *rollout)
{
	log_error("reload %u: %s: going back to generation %u: %s", rollout->id, rollout->name,
		  rollout->before, rollout->why);
	ev_timer_stop(rollout->rollouts->supervisor->loop, &rollout->rollouts->watch);
	rollout_cancel_slots(rollout);
	rollout->phase = ROLLOUT_BACK;
}

static void step(struct rollout *rollout)
{
	if (rollout->phase == ROLLOUT_IMPORTING)
		import(rollout);
	if (rollout->phase == ROLLOUT_ROLLING)
		roll(rollout);
	else if (rollout->phase == ROLLOUT_WATCHING)
		watch(rollout);
	if (rollout->failing &&
	    (rollout->phase == ROLLOUT_ROLLING || rollout->phase == ROLLOUT_WATCHING))
		turn_back(rollout);
	if (rollout->phase != ROLLOUT_BACK)
		return;
	if (rollout_go_back(rollout))
		finish(rollout, OUTCOME_ROLLED_BACK);
	else
		look_in(rollout->rollouts, CHECK_SECONDS);
}

static struct rollout *next_of(const struct rollouts *rollouts)
{
	struct rollout *at = rollouts->all;

	while (at && at->phase != ROLLOUT_QUEUED)
		at = at->next;
	return at;
}

void rollouts_begin(struct rollouts *rollouts)
{
	struct rollout *next = next_of(rollouts);

	/* an update changes what there is: it goes first */
	if (next && !rollouts->active && !rollouts->supervisor->reload.target)
		begin(next);
}

static void look(struct rollouts *rollouts)
{
	struct supervisor *supervisor = rollouts->supervisor;

	if (supervisor->phase != SUPERVISOR_RUNNING)
		return;
	trim(rollouts);
	rollouts_begin(rollouts);
	if (rollouts->active)
		step(rollouts->active);
	if (rollouts_are_idle(rollouts))
		reload_settled(supervisor);
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	look(container_of(timer, struct rollouts, look));
}

static void on_watch(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	look(container_of(timer, struct rollouts, watch));
}

/* ---- what others say ---- */

void rollouts_init(struct rollouts *rollouts, struct supervisor *supervisor)
{
	memset(rollouts, 0, sizeof(*rollouts));
	rollouts->supervisor = supervisor;
	ev_init(&rollouts->look, on_look);
	ev_init(&rollouts->watch, on_watch);
}

void rollouts_done(struct rollouts *rollouts)
{
	if (!rollouts->supervisor)
		return;
	ev_timer_stop(rollouts->supervisor->loop, &rollouts->look);
	ev_timer_stop(rollouts->supervisor->loop, &rollouts->watch);
	while (rollouts->all) {
		struct rollout *first = rollouts->all;

		rollouts->all = first->next;
		free_rollout(first);
	}
	free(rollouts->trouble);
	memset(rollouts, 0, sizeof(*rollouts));
}

int rollouts_find(const struct supervisor *supervisor, const char *name, const char **ret_name,
		  bool *ret_is_program)
{
	const struct config *latest = supervisor->latest;
	const struct config_zygote *zygote = config_find_zygote(latest, name);

	*ret_is_program = false;
	if (zygote) {
		*ret_name = zygote->name;
		return 0;
	}
	for (size_t i = 0; i < latest->nprograms; i++) {
		const struct config_program *program = &latest->programs[i];

		if (strcmp(program->name, name) != 0 || program->kind == KIND_LISTENER)
			continue;
		*ret_is_program = !program->zygote;
		*ret_name = program->zygote ? program->zygote : program->name;
		return 0;
	}
	return -ENOENT;
}

/* A later one of the same name does what an earlier one would have done. */
static void supersede(struct rollout *later)
{
	struct rollout *after;

	for (struct rollout *at = later->rollouts->all; at && at != later; at = after) {
		after = at->next;
		if (at->is_program != later->is_program || strcmp(at->name, later->name) != 0 ||
		    (at->phase != ROLLOUT_QUEUED && at->phase != ROLLOUT_IMPORTING))
			continue;
		if (at->undo) { /* what it would have gone back to still holds */
			free(later->undo);
			later->undo = at->undo;
			at->undo = NULL;
		}
		finish(at, OUTCOME_SUPERSEDED);
	}
}

uint32_t rollouts_add(struct rollouts *rollouts, const char *name, bool is_program,
		      const char *cause, const char *undo)
{
	struct rollout *rollout = calloc(1, sizeof(*rollout)), **at = &rollouts->all;

	if (!rollout)
		return 0;
	rollout->rollouts = rollouts;
	rollout->is_program = is_program;
	rollout->name = strdup(name);
	rollout->cause = strdup(cause);
	rollout->undo = undo ? strdup(undo) : NULL;
	rollout->target = config_ref(rollouts->supervisor->latest);
	if (!rollout->name || !rollout->cause || (undo && !rollout->undo)) {
		free_rollout(rollout);
		return 0;
	}
	rollout->id = ++rollouts->last_id;
	while (*at)
		at = &(*at)->next;
	*at = rollout;
	supersede(rollout);
	rollouts_look_soon(rollouts);
	return rollout->id;
}

bool rollouts_are_idle(const struct rollouts *rollouts)
{
	return !rollouts->active && !next_of(rollouts);
}

void rollouts_retarget(struct rollouts *rollouts, struct config *target)
{
	for (struct rollout *at = rollouts->all; at; at = at->next) {
		struct config *before = at->target;

		if (at->phase == ROLLOUT_ENDED)
			continue;
		at->target = config_ref(target);
		config_free(before);
	}
}

bool rollouts_have(const struct rollouts *rollouts, const char *name)
{
	for (const struct rollout *at = rollouts->all; at; at = at->next)
		if (at->phase != ROLLOUT_ENDED && strcmp(at->name, name) == 0)
			return true;
	return false;
}

bool rollouts_want(const struct rollouts *rollouts, const struct process *process)
{
	for (const struct rollout *at = rollouts->all; at; at = at->next) {
		const char *name =
			at->is_program ? process->program->name : process->program->zygote;

		if (at->phase != ROLLOUT_ENDED && name && strcmp(at->name, name) == 0)
			return true;
	}
	return false;
}

void rollouts_changed(struct rollouts *rollouts)
{
	if (rollouts->active)
		rollouts_look_soon(rollouts);
}

bool rollouts_first(struct rollouts *rollouts, struct zygote_link *link, enum exit_status status)
{
	struct rollout *active = rollouts->active;

	if (!active || active->candidate != link)
		return false;
	active->imported = true;
	active->status = status;
	rollouts_look_soon(rollouts);
	return true;
}

void rollouts_cancel(struct rollouts *rollouts)
{
	struct rollout *after;

	for (struct rollout *at = rollouts->all; at; at = after) {
		after = at->next;
		if (at->phase == ROLLOUT_ENDED)
			continue;
		free(at->undo); /* nothing is read any more */
		at->undo = NULL;
		rollout_cancel_slots(at);
		explain(at, "the supervisor is stopping");
		finish(at, OUTCOME_CANCELED);
	}
}

/* ---- telling ---- */

static void describe_slot(const struct rollout_slot *slot, struct rollout_slot_info *ret)
{
	*ret = (struct rollout_slot_info){
		.state = slot->state,
		.from_pid = (uint32_t)slot->from,
		.to_pid = (uint32_t)slot->to,
		.us = (uint64_t)slot->us,
		.why = (char *)slot->why,
	};
	if (asprintf(&ret->name, "%s:%s", slot->group, slot->process) < 0)
		ret->name = NULL;
}

int rollout_describe(const struct rollout *rollout, struct rollout_info *ret)
{
	struct rollout_slot_info *slots = calloc(rollout->nslots + 1, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < rollout->nslots; i++)
		describe_slot(rollout->slots[i], &slots[i]);
	*ret = (struct rollout_info){
		.id = rollout->id,
		.is_program = rollout->is_program,
		.name = rollout->name,
		.cause = rollout->cause,
		.phase = rollout->phase,
		.outcome = rollout->outcome,
		.generation = rollout->generation,
		.before = rollout->before,
		.start = (uint64_t)rollout->start,
		.us = (uint64_t)(rollout->phase == ROLLOUT_ENDED ? rollout->us
				 : rollout->start                ? clock_us() - rollout->begun_us
								 : 0),
		.import_us = rollout->import_us,
		.audit = (char *)rollout->audit,
		.why = (char *)rollout->why,
		.slots = slots,
		.nslots = rollout->nslots,
	};
	return 0;
}
