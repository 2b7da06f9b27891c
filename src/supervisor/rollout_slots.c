/* rollout_slots.c - slot by slot, in batches, to the new generation and back.  See rollout.h. */
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"
#include "supervisor/reload_diff.h"
#include "supervisor/rollout.h"
#include "supervisor/supervisor.h"
#include "supervisor/wait_status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many ends of new processes that nobody has asked for are no accident. */
#define DEATHS_MAX 2

static void on_ready(struct replace *replace);
static void on_ended(struct replace *replace, enum replace_end end, const char *why);

/* ---- which ---- */

static struct process *find(const struct rollout_slot *slot)
{
	const struct groups *groups = &slot->rollout->rollouts->supervisor->groups;
	const struct group *group = groups_find(groups, slot->group);

	return group ? group_find(group, slot->process) : NULL;
}

/* What the process is to become; what the configuration no longer has stays what it is. */
static struct process_source source_of(const struct rollout *rollout, const struct process *process)
{
	const struct config_group *group = config_find_group(rollout->target, process->group);
	struct process_source source = { process->base, process->group, process->program,
					 process->config, rollout->generation };
	struct reload_source its = { 0 };

	if (group)
		its = reload_find(rollout->target, group, process->config->name);
	if (its.config) {
		source.base = rollout->target;
		source.program = its.program;
		source.config = its.config;
	}
	return source;
}

static bool is_named(const char *name, const char *zygote)
{
	return zygote && strcmp(zygote, name) == 0;
}

static bool matches(const struct rollout *rollout, const struct process *process)
{
	struct process_source source;

	if (process->listener)
		return false;
	if (rollout->is_program)
		return strcmp(process->program->name, rollout->name) == 0;
	if (process->zygote == rollout->candidate)
		return false;
	source = source_of(rollout, process);
	return is_named(rollout->name, process->program->zygote) ||
	       is_named(rollout->name, source.program->zygote);
}

static bool is_known(const struct rollout *rollout, const struct process *process)
{
	for (size_t i = 0; i < rollout->nslots; i++)
		if (strcmp(rollout->slots[i]->group, process->group) == 0 &&
		    strcmp(rollout->slots[i]->process, process->config->name) == 0)
			return true;
	return false;
}

static void free_slot(struct rollout_slot *slot)
{
	if (slot->zygote)
		slot->zygote->holds--;
	config_free(slot->base);
	free(slot->group);
	free(slot->process);
	free(slot);
}

static int add_slot(struct rollout *rollout, const struct process *process)
{
	struct rollout_slot **slots =
		realloc(rollout->slots, (rollout->nslots + 1) * sizeof(struct rollout_slot *));
	struct rollout_slot *slot;

	if (!slots)
		return -ENOMEM;
	rollout->slots = slots;
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	slot->rollout = rollout;
	slot->group = strdup(process->group);
	slot->process = strdup(process->config->name);
	slot->replace.ready = on_ready;
	slot->replace.ended = on_ended;
	if (!slot->group || !slot->process) {
		free_slot(slot);
		return -ENOMEM;
	}
	slots[rollout->nslots++] = slot;
	return 0;
}

int rollout_find_slots(struct rollout *rollout)
{
	const struct groups *groups = &rollout->rollouts->supervisor->groups;
	int r = 0;

	for (size_t i = 0; i < groups->n; i++)
		for (size_t j = 0; j < groups->all[i]->n && r == 0; j++)
			if (matches(rollout, groups->all[i]->processes[j]) &&
			    !is_known(rollout, groups->all[i]->processes[j]))
				r = add_slot(rollout, groups->all[i]->processes[j]);
	return r;
}

void rollout_free_slots(struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->nslots; i++)
		free_slot(rollout->slots[i]);
	free(rollout->slots);
	rollout->slots = NULL;
	rollout->nslots = 0;
}

/* ---- what goes wrong ---- */

void rollout_fail(struct rollout *rollout, const char *format, ...)
{
	va_list ap;

	if (rollout->failing)
		return; /* the first reason is the one */
	rollout->failing = true;
	va_start(ap, format);
	vsnprintf(rollout->why, sizeof(rollout->why), format, ap);
	va_end(ap);
	rollouts_look_soon(rollout->rollouts);
}

static void set_why(struct rollout_slot *slot, const char *why)
{
	snprintf(slot->why, sizeof(slot->why), "%s", why);
}

static void fail_slot(struct rollout_slot *slot, const char *why)
{
	struct rollout *rollout = slot->rollout;

	slot->state = SLOT_FAILED;
	set_why(slot, why);
	if (rollout->phase == ROLLOUT_BACK) {
		rollout->outcome = OUTCOME_FAILED;
		log_error("reload %u: %s cannot go back to what it was: %s", rollout->id,
			  slot->process, why);
		rollouts_look_soon(rollout->rollouts);
	} else {
		rollout_fail(rollout, "%s:%s: %s", slot->group, slot->process, why);
	}
}

static uint64_t deaths_of(const struct process *process)
{
	const uint64_t *ends = process->counters.ends;

	return ends[END_UNEXPECTED] + ends[END_SIGNAL] + ends[END_FAILED_START];
}

static void tell_death(struct rollout_slot *slot, const struct process *process)
{
	char how[64];

	wait_status_text(process->status, how, sizeof(how));
	if (process->spawnerr[0])
		snprintf(slot->why, sizeof(slot->why), "%s (%s)", process->spawnerr, how);
	else
		snprintf(slot->why, sizeof(slot->why), "it has ended (%s)", how);
}

void rollout_check(struct rollout *rollout)
{
	uint64_t deaths = 0;

	rollout->unsettled = false;
	for (size_t i = 0; i < rollout->nslots && !rollout->failing; i++) {
		struct rollout_slot *slot = rollout->slots[i];
		const struct process *process = slot->state == SLOT_REPLACED ? find(slot) : NULL;

		if (!process)
			continue;
		rollout->unsettled |= (process->state == PROCESS_STARTING && !process->held) ||
				      process->state == PROCESS_BACKOFF;
		if (deaths_of(process) > slot->deaths) {
			deaths += deaths_of(process) - slot->deaths;
			tell_death(slot, process);
		}
		if (process->state == PROCESS_FATAL || deaths >= DEATHS_MAX)
			rollout_fail(rollout, "%s:%s does not stay: %s", slot->group, slot->process,
				     slot->why);
	}
	rollout->unsettled |= deaths > rollout->deaths;
	rollout->deaths = deaths;
}

unsigned rollout_watch(struct rollout *rollout)
{
	unsigned seconds = 0;

	for (size_t i = 0; i < rollout->nslots; i++) {
		const struct process *process = find(rollout->slots[i]);

		if (rollout->slots[i]->state == SLOT_REPLACED && process &&
		    process->program->reload_watch > seconds)
			seconds = process->program->reload_watch;
	}
	return seconds;
}

/* ---- one slot ---- */

static void remember(struct rollout_slot *slot, const struct process *process)
{
	slot->base = config_ref(process->base);
	slot->program = process->program;
	slot->config = process->config;
	slot->generation = process->generation;
	slot->zygote = process->zygote;
	if (slot->zygote)
		slot->zygote->holds++;
}

/* Nothing can be begun with it now, and a change will come that brings us here again. */
static bool is_busy(const struct process *process)
{
	return process->replace || process->condemned || process->fate != FATE_STAY ||
	       process->state == PROCESS_STOPPING ||
	       (process->state == PROCESS_UNKNOWN && !process_is_down(process));
}

static void swap(struct rollout_slot *slot, struct process *process,
		 const struct process_source *source, struct zygote_link *zygote)
{
	struct replaces *replaces = &slot->rollout->rollouts->supervisor->replaces;
	bool back = slot->rollout->phase == ROLLOUT_BACK;
	bool start = process->state == PROCESS_FATAL ||
		     (back && slot->state == SLOT_REPLACED && process->state != PROCESS_STOPPED);
	struct error err = { { 0 } };
	struct process *next = replace_swap(replaces, process, source, zygote, &err);

	if (!next) {
		fail_slot(slot, err.text);
		return;
	}
	slot->state = back ? SLOT_BACK : SLOT_DOWN;
	if (start)
		process_handle(next, PROCESS_START);
}

static void exchange(struct rollout_slot *slot, struct process *process,
		     const struct process_source *source, struct zygote_link *zygote)
{
	struct replaces *replaces = &slot->rollout->rollouts->supervisor->replaces;
	struct error err = { { 0 } };
	int r;

	if (process_is_down(process)) {
		swap(slot, process, source, zygote);
		return;
	}
	slot->from = process->pid;
	slot->to = 0;
	slot->begun_us = clock_us();
	r = replace_begin(replaces, &slot->replace, process, source, zygote, &err);
	if (r == 0)
		slot->state = SLOT_STARTING;
	else if (r != -EBUSY)
		fail_slot(slot, err.text);
}

static struct zygote_link *zygote_for(const struct rollout *rollout, const char *name)
{
	if (!rollout->is_program && strcmp(name, rollout->name) == 0)
		return rollout->candidate;
	return zygotes_find(&rollout->rollouts->supervisor->zygotes, name);
}

static void begin(struct rollout_slot *slot)
{
	struct process *process = find(slot);
	struct process_source source;
	struct zygote_link *zygote = NULL;

	if (!process || !matches(slot->rollout, process)) {
		slot->state = SLOT_SKIPPED;
		set_why(slot, process ? "it is a new one already" : "it was removed");
		return;
	}
	if (is_busy(process))
		return;
	source = source_of(slot->rollout, process);
	if (source.program->zygote) {
		zygote = zygote_for(slot->rollout, source.program->zygote);
		if (!zygote) {
			fail_slot(slot, "its zygote is not there");
			return;
		}
	}
	if (!slot->base)
		remember(slot, process);
	exchange(slot, process, &source, zygote);
}

static void on_ready(struct replace *replace)
{
	struct rollout_slot *slot = container_of(replace, struct rollout_slot, replace);

	slot->us = clock_us() - slot->begun_us;
	slot->to = replace->next->pid;
	slot->state = SLOT_READY;
	rollouts_look_soon(slot->rollout->rollouts);
}

static void on_ended(struct replace *replace, enum replace_end end, const char *why)
{
	struct rollout_slot *slot = container_of(replace, struct rollout_slot, replace);

	if (end == REPLACE_FAILED)
		fail_slot(slot, why);
	else /* begin() or go_back() look at what there is now */
		slot->state = slot->rollout->phase == ROLLOUT_BACK ? SLOT_REPLACED : SLOT_WAITS;
	rollouts_look_soon(slot->rollout->rollouts);
}

/* It stays READY if it could not be: then on_ended() follows. */
static void commit(struct rollout_slot *slot)
{
	struct process *next = replace_commit(&slot->replace);

	if (!next)
		return;
	slot->deaths = deaths_of(next);
	slot->state = slot->rollout->phase == ROLLOUT_BACK ? SLOT_BACK : SLOT_REPLACED;
}

/* ---- batches ---- */

/* The next ones, all of one program. */
static size_t end_of_batch(const struct rollout *rollout)
{
	const struct process *first = find(rollout->slots[rollout->batch]);
	struct process_source source;
	size_t end = rollout->batch + 1;

	if (!first)
		return end;
	source = source_of(rollout, first);
	for (; end < rollout->nslots; end++) {
		const struct process *process = find(rollout->slots[end]);

		if (!process || strcmp(process->program->name, first->program->name) != 0 ||
		    (source.program->reload_batch &&
		     end - rollout->batch >= source.program->reload_batch))
			break;
	}
	return end;
}

static unsigned parallel(const struct rollout *rollout)
{
	const struct process *first = find(rollout->slots[rollout->batch]);
	unsigned n = first ? source_of(rollout, first).program->reload_parallel : 1;

	return n ? n : UINT32_MAX;
}

static size_t count(const struct rollout *rollout, enum rollout_slot_state state)
{
	size_t n = 0;

	for (size_t i = rollout->batch; i < rollout->batch_end; i++)
		n += rollout->slots[i]->state == state;
	return n;
}

/* Whether all of it is over. */
static bool step_batch(struct rollout *rollout)
{
	unsigned most = parallel(rollout);

	for (size_t i = rollout->batch; i < rollout->batch_end; i++) {
		struct rollout_slot *slot = rollout->slots[i];

		if (slot->state == SLOT_STARTING && slot->replace.next &&
		    rollout_has_lost(slot->replace.next->zygote))
			rollout_fail(rollout,
				     "%s:%s: its zygote has died, and cannot be imported again",
				     slot->group, slot->process);
	}
	for (size_t i = rollout->batch; i < rollout->batch_end && !rollout->failing; i++)
		if (rollout->slots[i]->state == SLOT_WAITS && count(rollout, SLOT_STARTING) < most)
			begin(rollout->slots[i]);
	if (rollout->failing || count(rollout, SLOT_WAITS) || count(rollout, SLOT_STARTING))
		return false;
	for (size_t i = rollout->batch; i < rollout->batch_end; i++)
		if (rollout->slots[i]->state == SLOT_READY)
			commit(rollout->slots[i]);
	return !count(rollout, SLOT_READY) && !rollout->failing;
}

bool rollout_roll(struct rollout *rollout)
{
	for (;;) {
		if (rollout->batch == rollout->nslots && rollout_find_slots(rollout) < 0)
			rollout_fail(rollout, "out of memory");
		if (rollout->failing)
			return false;
		if (rollout->batch == rollout->nslots)
			return true;
		if (rollout->batch_end <= rollout->batch)
			rollout->batch_end = end_of_batch(rollout);
		if (!step_batch(rollout))
			return false;
		rollout->batch = rollout->batch_end;
	}
}

/* ---- back ---- */

static void go_back(struct rollout_slot *slot)
{
	struct process *process = find(slot);
	struct process_source source = { slot->base, slot->group, slot->program, slot->config,
					 slot->generation };

	if (!process) {
		slot->state = SLOT_SKIPPED;
		set_why(slot, "it was removed");
	} else if (is_busy(process)) {
		return;
	} else if (rollout_has_lost(slot->zygote)) {
		fail_slot(slot, "its old zygote has died, and cannot be imported again");
	} else {
		source.group = process->group;
		exchange(slot, process, &source, slot->zygote);
	}
}

bool rollout_go_back(struct rollout *rollout)
{
	bool done = true;

	for (size_t i = 0; i < rollout->nslots; i++) {
		struct rollout_slot *slot = rollout->slots[i];

		if (slot->state == SLOT_READY)
			commit(slot);
		if (slot->state == SLOT_STARTING && rollout_has_lost(slot->zygote)) {
			replace_cancel(&slot->replace);
			slot->state = SLOT_REPLACED;
		}
		if (slot->state == SLOT_REPLACED || slot->state == SLOT_DOWN)
			go_back(slot);
		done = done && slot->state != SLOT_REPLACED && slot->state != SLOT_DOWN &&
		       slot->state != SLOT_STARTING && slot->state != SLOT_READY;
	}
	return done;
}

void rollout_cancel_slots(struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->nslots; i++) {
		struct rollout_slot *slot = rollout->slots[i];

		replace_cancel(&slot->replace);
		if (slot->state == SLOT_STARTING || slot->state == SLOT_READY)
			slot->state = SLOT_WAITS;
	}
}
