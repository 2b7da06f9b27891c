/* recycle.c - see recycle.h. */
#include "supervisor/recycle.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/due.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/meter.h"
#include "supervisor/process.h"
#include "supervisor/replace.h"
#include "supervisor/rollout.h"
#include "supervisor/zygotes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BACKOFF_SECONDS 5 /* after the first failure, twice as long after each further one */
#define BACKOFF_SECONDS_MAX 300

/* One replacement under way. */
struct recycle_job {
	struct recycle_job *next;
	struct recycle *recycle; /* borrowed */
	struct replace replace;
	enum recycle_reason reason;
	pid_t pid; /* of the one that is replaced */
	int64_t begun_us;
	char why[160];
};

static void schedule(struct recycle *recycle, double seconds)
{
	struct ev_loop *loop = recycle->loop;

	if (recycle->off ||
	    (ev_is_active(&recycle->timer) && ev_timer_remaining(loop, &recycle->timer) <= seconds))
		return;
	ev_timer_stop(loop, &recycle->timer);
	ev_now_update(loop);
	ev_timer_set(&recycle->timer, seconds, 0.);
	ev_timer_start(loop, &recycle->timer);
}

/* ---- replacements ---- */

#define JOBS_SECONDS 1. /* until it is looked whether one must give way */

static void drop(struct recycle_job *job)
{
	struct recycle_job **at = &job->recycle->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	free(job);
}

static void on_ready(struct replace *replace)
{
	struct recycle_job *job = container_of(replace, struct recycle_job, replace);
	struct process *process = replace_commit(replace);

	if (!process) /* ended() follows */
		return;
	process->counters.recycled[job->reason]++;
	log_info("%s: recycled: %s; pid %d → %d, ready after %.2f s", process->config->name,
		 job->why, (int)job->pid, (int)process->pid,
		 (double)(clock_us() - job->begun_us) / 1e6);
	schedule(job->recycle, 0.);
	drop(job);
}

/* The next attempt at this one is put off; seconds. */
static unsigned put_off(struct process *process)
{
	struct recycling *recycling = &process->recycling;
	unsigned seconds = BACKOFF_SECONDS_MAX;

	if (recycling->failures < 6)
		seconds = BACKOFF_SECONDS << recycling->failures;
	recycling->failures++;
	recycling->not_before_us = clock_us() + seconds * (int64_t)1000000;
	return seconds;
}

static void on_ended(struct replace *replace, enum replace_end end, const char *why)
{
	struct recycle_job *job = container_of(replace, struct recycle_job, replace);
	struct process *old = replace->old;

	if (end == REPLACE_FAILED && old)
		log_warn("%s: is due (%s), but what should replace it has failed: %s; pid %d goes "
			 "on, the next attempt is in %u s",
			 old->config->name, job->why, why, (int)old->pid, put_off(old));
	schedule(job->recycle, 0.);
	drop(job);
}

/* The zygote that it comes from; or if that one is being stopped, the one that has come for it. */
static struct zygote_link *zygote_for(const struct recycle *recycle, const struct process *process)
{
	if (!process->zygote || !process->zygote->leaving)
		return process->zygote;
	return zygotes_find(recycle->zygotes, process->program->zygote);
}

static void begin(struct recycle *recycle, struct process *process, const struct due *due,
		  enum recycle_reason reason)
{
	struct process_source source = { process->base, process->group, process->program,
					 process->config, process->generation };
	struct recycle_job *job = calloc(1, sizeof(*job));
	struct error err = { { 0 } };
	int r;

	if (!job) {
		log_error("%s: cannot be recycled: out of memory; the next attempt is in %u s",
			  process->config->name, put_off(process));
		return;
	}
	*job = (struct recycle_job){ .next = recycle->jobs,
				     .recycle = recycle,
				     .replace = { .ready = on_ready, .ended = on_ended },
				     .reason = reason,
				     .pid = process->pid,
				     .begun_us = clock_us() };
	due_text(process->program, due, reason, job->why, sizeof(job->why));
	recycle->jobs = job;
	r = replace_begin(recycle->replaces, &job->replace, process, &source,
			  zygote_for(recycle, process), &err);
	if (r == 0) {
		log_info("%s: pid %d is being replaced: %s", process->config->name, (int)job->pid,
			 job->why);
		return;
	}
	if (r != -EBUSY)
		log_error("%s: cannot be recycled: %s; the next attempt is in %u s",
			  process->config->name, err.text, put_off(process));
	drop(job);
}

/* ---- who is due ---- */

static double draw(void)
{
	uint32_t bits;

	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
		bits = (uint32_t)clock_us() * 2654435761u;
	return bits / 4294967296.;
}

/* What is known of one that runs. */
static void examine(struct process *process, int64_t now_us, struct due *due)
{
	struct recycling *recycling = &process->recycling;
	const struct measured *measured = meter_of(process);
	uint64_t requests = counter_read(&process->counter);

	if (recycling->started_us != process->started_us)
		*recycling = (struct recycling){ .started_us = process->started_us,
						 .jitter = draw(),
						 .looked_us = process->started_us };
	*due = (struct due){ .jitter = recycling->jitter,
			     .age_us = (uint64_t)(now_us - process->started_us),
			     .requests = requests };
	if (measured) {
		due->measured = true;
		due->uss = measured->memory.private_bytes;
		due->pss = measured->memory.pss_bytes;
		due->rss = measured->memory.private_bytes + measured->memory.shared_bytes;
	}
	if (requests > recycling->requests && now_us > recycling->looked_us)
		due->requests_per_second = (double)(requests - recycling->requests) * 1e6 /
					   (double)(now_us - recycling->looked_us);
	recycling->requests = requests;
	recycling->looked_us = now_us;
}

static bool is_ours(const struct recycle *recycle, const struct replace *replace)
{
	for (const struct recycle_job *job = recycle->jobs; job; job = job->next)
		if (&job->replace == replace)
			return true;
	return false;
}

/* How many more of the program's processes may be replaced now: none while others replace any.
 * Those that have been replaced count until they have ended: they may take long, and memory. */
static int32_t room_for(const struct recycle *recycle, const struct group *group,
			const struct process *process)
{
	int32_t room = process->program->recycle_parallel;

	if (rollouts_want(recycle->rollouts, process))
		return 0;
	room -= (int32_t)replaces_leaving(recycle->replaces, process);
	for (size_t i = 0; i < group->n; i++) {
		const struct process *its = group->processes[i];

		if (!its->replace || strcmp(its->program->name, process->program->name) != 0)
			continue;
		if (!is_ours(recycle, its->replace))
			return 0;
		room--;
	}
	return room;
}

static bool can_be_replaced(const struct process *process)
{
	return process->state == PROCESS_RUNNING && !process_is_unfit(process) &&
	       !(process->vitals && process->vitals->leaving) && !process->replace &&
	       !process->condemned && !process->quiet && process->fate == FATE_STAY &&
	       process->program->kind != KIND_LISTENER;
}

/* Seconds until it is worth a look again; below 0: something else brings that. */
static double look_at(struct recycle *recycle, struct group *group, struct process *process,
		      int64_t now_us)
{
	enum recycle_reason reason;
	struct due due;

	if (!due_has_limits(process->program) || !can_be_replaced(process))
		return -1.;
	if (due_has_memory(process->program))
		meter_want(recycle->meter);
	examine(process, now_us, &due);
	reason = due_reason(process->program, &due);
	if (reason == RECYCLE_NREASONS)
		return due_next(process->program, &due);
	if (process->recycling.not_before_us > now_us)
		return (double)(process->recycling.not_before_us - now_us) / 1e6;
	if (room_for(recycle, group, process) <= 0)
		return DUE_SECONDS; /* or when one of those is done */
	begin(recycle, process, &due, reason);
	return process->replace ? -1. : DUE_SECONDS;
}

static double soonest(double a, double b)
{
	return a < 0. || (b >= 0. && b < a) ? b : a;
}

/* Behind the one that was replaced last: else the first ones would be due again before the others
 * have had their turn. */
static double look_at_group(struct recycle *recycle, struct group *group, int64_t now_us)
{
	size_t first = group->turn;
	double next = -1.;

	for (size_t i = 0; i < group->n; i++) {
		size_t at = (first + i) % group->n;
		struct process *process = group->processes[at];
		bool before = process->replace != NULL;

		next = soonest(next, look_at(recycle, group, process, now_us));
		if (process->replace && !before)
			group->turn = at + 1;
	}
	return next;
}

/* A reload goes first; and whoever waits for a zygote that cannot come again waits for ever. */
static void give_way(struct recycle *recycle)
{
	struct recycle_job *after;

	for (struct recycle_job *job = recycle->jobs; job; job = after) {
		struct process *old = job->replace.old, *next = job->replace.next;

		after = job->next;
		if (!old || !next ||
		    (!rollouts_want(recycle->rollouts, old) && !rollout_has_lost(next->zygote)))
			continue;
		replace_cancel(&job->replace);
		(void)put_off(old);
		drop(job);
	}
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct recycle *recycle = container_of(timer, struct recycle, timer);
	int64_t now_us = clock_us();
	double next = -1.;

	(void)loop;
	(void)events;
	give_way(recycle);
	if (recycle->jobs)
		next = JOBS_SECONDS;
	for (size_t i = 0; i < recycle->groups->n; i++)
		next = soonest(next, look_at_group(recycle, recycle->groups->all[i], now_us));
	if (next >= 0.)
		schedule(recycle, next);
}

/* ---- for others ---- */

void recycle_init(struct recycle *recycle, const struct recycle *parts)
{
	*recycle = *parts;
	ev_init(&recycle->timer, on_timer);
}

void recycle_stop(struct recycle *recycle)
{
	recycle->off = true;
	ev_timer_stop(recycle->loop, &recycle->timer);
}

void recycle_done(struct recycle *recycle)
{
	if (!recycle->loop)
		return;
	ev_timer_stop(recycle->loop, &recycle->timer);
	while (recycle->jobs)
		drop(recycle->jobs);
}

void recycle_changed(struct recycle *recycle, const struct process *process)
{
	if (!process || due_has_limits(process->program))
		schedule(recycle, 0.);
}
