/* demand.c - see demand.h. */
#include "supervisor/demand.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/listeners.h"
#include "supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_SECONDS .25     /* while one more could be started */
#define IDLE_TICK_SECONDS 1. /* else */

/* One program in one group. */
struct demand_watch {
	struct demand_watch *next;
	struct demand *demand; /* borrowed */
	char *group, *program; /* owned */
	ev_io *sockets;        /* owned, and their fds, which are copies; while it watches */
	size_t nsockets;       /* 0: it does not */
	unsigned generation;   /* of the listeners that these are copies of */
	bool was_readable;     /* in the last look */
	bool counts;           /* one of its processes has counted something */
	bool there;            /* the program is: of the review */
};

enum demand_step demand_step(const struct demand_view *view)
{
	if (!view->asleep || view->starting)
		return DEMAND_NOTHING;
	if (!view->running)
		return DEMAND_WATCH;
	return view->readable && view->was_readable ? DEMAND_START : DEMAND_NOTHING;
}

static bool is_on_demand(const struct process *process)
{
	return process->program->scale == SCALE_ONDEMAND;
}

bool demand_is_asleep(const struct process *process)
{
	return process->drowse.asleep && process_is_down(process);
}

/* ---- the processes of a program ---- */

static bool is_of(const struct process *process, const struct demand_watch *watch)
{
	return strcmp(process->program->name, watch->program) == 0 && is_on_demand(process);
}

static struct demand_view view_of(const struct group *group, const struct demand_watch *watch)
{
	struct demand_view view = { .was_readable = watch->was_readable };

	for (size_t i = 0; i < group->n; i++) {
		const struct process *process = group->processes[i];

		if (!is_of(process, watch))
			continue;
		view.running += process->state == PROCESS_RUNNING;
		view.starting +=
			process->state == PROCESS_STARTING || process->state == PROCESS_BACKOFF;
		view.asleep += demand_is_asleep(process);
	}
	return view;
}

/* The first one that sleeps. */
static void start_one(struct demand_watch *watch, const char *why)
{
	struct group *group = groups_find(watch->demand->groups, watch->group);

	for (size_t i = 0; group && i < group->n; i++) {
		struct process *process = group->processes[i];

		if (!is_of(process, watch) || !demand_is_asleep(process))
			continue;
		log_info("%s: %s, so it is started", process->config->name, why);
		demand_forget(process);
		process_handle(process, PROCESS_START);
		return;
	}
}

/* ---- waiting for a connection ---- */

static void unwatch(struct demand_watch *watch)
{
	for (size_t i = 0; i < watch->nsockets; i++) {
		ev_io_stop(watch->demand->loop, &watch->sockets[i]);
		fd_close(&watch->sockets[i].fd);
	}
	free(watch->sockets);
	watch->sockets = NULL;
	watch->nsockets = 0;
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct demand_watch *watch = io->data;

	(void)loop;
	(void)events;
	unwatch(watch);
	start_one(watch, "a connection waits");
}

/* Copies of the fds: an fd of the listeners may be closed, and be another file, before we hear of
 * it. */
static void watch_sockets(struct demand_watch *watch, char *const *names)
{
	struct demand *demand = watch->demand;
	size_t n = 0;

	if (watch->nsockets && watch->generation == demand->listeners->generation)
		return;
	unwatch(watch);
	for (char *const *name = names; name && *name; name++)
		n++;
	watch->sockets = calloc(n + 1, sizeof(ev_io));
	for (size_t i = 0; watch->sockets && i < n; i++) {
		ev_io *io = &watch->sockets[watch->nsockets];
		int fd = fcntl(listeners_find(demand->listeners, names[i]), F_DUPFD_CLOEXEC, 3);

		if (fd < 0)
			continue;
		ev_io_init(io, on_readable, fd, EV_READ);
		io->data = watch;
		ev_io_start(demand->loop, io);
		watch->nsockets++;
	}
	watch->generation = demand->listeners->generation;
	if (n && !watch->nsockets)
		log_error("%s: its sockets cannot be watched: %s; start it by hand", watch->program,
			  strerror(watch->sockets ? errno : ENOMEM));
}

static bool is_readable(const struct demand *demand, char *const *names)
{
	for (; names && *names; names++) {
		struct pollfd socket = { listeners_find(demand->listeners, *names), POLLIN, 0 };

		if (socket.fd >= 0 && poll(&socket, 1, 0) > 0)
			return true;
	}
	return false;
}

/* ---- who has nothing to do ---- */

/* Since when, CLOCK_MONOTONIC. */
static int64_t idle_since(struct demand_watch *watch, struct process *process, int64_t now_us)
{
	struct drowse *drowse = &process->drowse;
	uint64_t requests = counter_read(&process->counter);

	if (drowse->started_us != process->started_us)
		*drowse = (struct drowse){ .started_us = process->started_us, .busy_us = now_us };
	if (requests != drowse->requests) {
		drowse->requests = requests;
		drowse->busy_us = now_us;
		watch->counts = true;
	}
	return drowse->busy_us;
}

/* One of a program that has never counted anything is not known to be idle. */
static void stop_idle(struct demand_watch *watch, struct process *process, int64_t now_us)
{
	int64_t idle_us = now_us - idle_since(watch, process, now_us);
	uint32_t idlesecs = process->program->idlesecs;

	if (!idlesecs || !watch->counts || process->replace || process->condemned ||
	    process_is_unfit(process) || idle_us < idlesecs * (int64_t)1000000)
		return;
	log_info("%s: has served nobody for %u s (idlesecs), so it is stopped until somebody comes",
		 process->config->name, (unsigned)idlesecs);
	process->drowse.asleep = true;
	process_handle(process, PROCESS_STOP);
}

/* ---- looking ---- */

static void schedule(struct demand *demand, ev_timer *timer, double seconds)
{
	if (demand->off || ev_is_active(timer))
		return;
	ev_now_update(demand->loop);
	ev_timer_set(timer, seconds, 0.);
	ev_timer_start(demand->loop, timer);
}

static const struct config_program *program_of(const struct group *group,
					       const struct demand_watch *watch)
{
	for (size_t i = 0; group && i < group->n; i++)
		if (is_of(group->processes[i], watch))
			return group->processes[i]->program;
	return NULL;
}

/* Now and then, while some run. */
static void tick(struct demand_watch *watch)
{
	struct demand *demand = watch->demand;
	struct group *group = groups_find(demand->groups, watch->group);
	const struct config_program *program = program_of(group, watch);
	struct demand_view view;
	int64_t now_us = clock_us();

	if (!program)
		return;
	view = view_of(group, watch);
	view.readable = is_readable(demand, program->sockets);
	if (demand_step(&view) == DEMAND_START)
		start_one(watch, "connections wait");
	watch->was_readable = view.readable;
	for (size_t i = 0; !view.readable && i < group->n; i++)
		if (is_of(group->processes[i], watch) &&
		    group->processes[i]->state == PROCESS_RUNNING)
			stop_idle(watch, group->processes[i], now_us);
	if (view.running)
		schedule(demand, &demand->tick, view.asleep ? TICK_SECONDS : IDLE_TICK_SECONDS);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct demand *demand = container_of(timer, struct demand, tick);

	(void)loop;
	(void)events;
	for (struct demand_watch *watch = demand->watches; watch; watch = watch->next)
		tick(watch);
}

static struct demand_watch *watch_for(struct demand *demand, const struct process *process)
{
	struct demand_watch *watch = demand->watches;

	while (watch && (strcmp(watch->group, process->group) != 0 ||
			 strcmp(watch->program, process->program->name) != 0))
		watch = watch->next;
	if (watch)
		return watch;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return NULL;
	watch->group = strdup(process->group);
	watch->program = strdup(process->program->name);
	if (!watch->group || !watch->program) {
		free(watch->group);
		free(watch->program);
		free(watch);
		return NULL;
	}
	watch->demand = demand;
	watch->next = demand->watches;
	demand->watches = watch;
	return watch;
}

static void review_watch(struct demand_watch *watch)
{
	struct demand *demand = watch->demand;
	struct group *group = groups_find(demand->groups, watch->group);
	const struct config_program *program = program_of(group, watch);
	struct demand_view view = view_of(group, watch);

	if (demand_step(&view) == DEMAND_WATCH)
		watch_sockets(watch, program->sockets);
	else
		unwatch(watch);
	if (view.running)
		schedule(demand, &demand->tick, TICK_SECONDS);
}

/* One that sleeps, and whose program is not on demand any more, is wanted now. */
static void review_process(struct demand *demand, struct process *process)
{
	struct demand_watch *watch;

	if (!is_on_demand(process)) {
		if (demand_is_asleep(process) && process->fate == FATE_STAY) {
			demand_forget(process);
			if (process->program->autostart)
				process_handle(process, PROCESS_START);
		}
		return;
	}
	watch = watch_for(demand, process);
	if (watch)
		watch->there = true;
	else
		log_error("%s: out of memory, so no connection starts it", process->config->name);
	if (demand_is_asleep(process))
		snprintf(process->note, sizeof(process->note), "asleep until a connection comes");
}

static void drop_watch(struct demand_watch **at)
{
	struct demand_watch *watch = *at;

	*at = watch->next;
	unwatch(watch);
	free(watch->group);
	free(watch->program);
	free(watch);
}

static void on_review(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct demand *demand = container_of(timer, struct demand, review);

	(void)loop;
	(void)events;
	for (struct demand_watch *watch = demand->watches; watch; watch = watch->next)
		watch->there = false;
	for (size_t i = 0; i < demand->groups->n; i++) {
		struct group *group = demand->groups->all[i];

		for (size_t j = 0; j < group->n; j++)
			review_process(demand, group->processes[j]);
	}
	for (struct demand_watch **at = &demand->watches; *at;) {
		if (!(*at)->there) {
			drop_watch(at);
			continue;
		}
		review_watch(*at);
		at = &(*at)->next;
	}
}

/* ---- for others ---- */

void demand_init(struct demand *demand, struct ev_loop *loop, const struct groups *groups,
		 const struct listeners *listeners)
{
	memset(demand, 0, sizeof(*demand));
	demand->loop = loop;
	demand->groups = groups;
	demand->listeners = listeners;
	ev_init(&demand->review, on_review);
	ev_init(&demand->tick, on_tick);
}

void demand_stop(struct demand *demand)
{
	demand->off = true;
	ev_timer_stop(demand->loop, &demand->review);
	ev_timer_stop(demand->loop, &demand->tick);
	while (demand->watches)
		drop_watch(&demand->watches);
}

void demand_done(struct demand *demand)
{
	if (demand->loop)
		demand_stop(demand);
}

void demand_changed(struct demand *demand, const struct process *process)
{
	if (!process || is_on_demand(process) || process->drowse.asleep)
		schedule(demand, &demand->review, 0.);
}

void demand_autostart(struct process *process)
{
	if (!is_on_demand(process)) {
		process_handle(process, PROCESS_START);
		return;
	}
	process->drowse.asleep = true;
	process_settled(process);
}

void demand_forget(struct process *process)
{
	if (process->drowse.asleep)
		process->note[0] = '\0';
	process->drowse.asleep = false;
}
