/* shutdown.c - stopping in order: group after group, from the highest priority number down, then
 * the zygotes and the control process.  See supervisor.h. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "supervisor/depends.h"
#include "supervisor/event_pool.h"
#include "supervisor/group.h"
#include "supervisor/process.h"
#include "supervisor/supervisor.h"

/* As long as event listeners may take for what is left, before they are stopped themselves. */
#define LISTENERS_MS 3000

static void stop_zygotes(struct supervisor *supervisor)
{
	supervisor->phase = SUPERVISOR_LAST;
	ev_timer_stop(supervisor->loop, &supervisor->report);
	zygotes_stop(&supervisor->zygotes, supervisor->in_hurry);
	control_link_stop(&supervisor->control);
	if (supervisor->in_hurry)
		control_link_kill(&supervisor->control);
}

/* What its listeners have not seen yet of the end of the others: a moment is theirs, altogether. */
static bool wait_for_listeners(struct supervisor *supervisor, const struct group *group)
{
	int64_t left;

	for (size_t i = 0; i < group->n; i++)
		if (group->processes[i]->state == PROCESS_STOPPING)
			return false;
	if (!group->pool || supervisor->in_hurry || !event_pool_is_busy(group->pool))
		return false;
	if (!supervisor->listeners_ms)
		supervisor->listeners_ms = clock_ms() + LISTENERS_MS;
	left = supervisor->listeners_ms - clock_ms();
	if (left <= 0) {
		log_warn("%s: has not handled all of its events in %d s, stopping it now",
			 group->name, LISTENERS_MS / 1000);
		return false;
	}
	ev_timer_stop(supervisor->loop, &supervisor->step);
	ev_now_update(supervisor->loop);
	ev_timer_set(&supervisor->step, (double)left / 1000., 0.);
	ev_timer_start(supervisor->loop, &supervisor->step);
	return true;
}

/* Stops those of a group that nobody needs any more, the last first.  Whether one is stopping. */
static bool stop_unneeded(struct supervisor *supervisor, struct group *group)
{
	bool stopping = false;

	for (size_t i = group->n; i > 0; i--) {
		struct process *process = group->processes[i - 1];

		if (process_is_down(process))
			continue;
		if (process->state != PROCESS_STOPPING &&
		    !depends_needed(&supervisor->groups, process, DEPENDS_ALL))
			process_handle(process, PROCESS_STOP);
		stopping |= !process_is_down(process) && process->state == PROCESS_STOPPING;
	}
	return stopping;
}

/* The next group, from the last to the first, of which something can be stopped.  Whether there is
 * anything to wait for. */
static bool stop_next(struct supervisor *supervisor)
{
	struct groups *groups = &supervisor->groups;
	bool left = false;

	for (size_t i = groups->n; i > 0; i--) {
		if (group_is_down(groups->all[i - 1]))
			continue;
		if (wait_for_listeners(supervisor, groups->all[i - 1]) ||
		    stop_unneeded(supervisor, groups->all[i - 1]))
			return true;
		left |= !group_is_down(groups->all[i - 1]);
	}
	/* each needs another one: nobody could ever be the first */
	for (size_t i = groups->n; left && i > 0; i--)
		group_stop(groups->all[i - 1]);
	return left;
}

void supervisor_shutdown(struct supervisor *supervisor, enum exit_status status)
{
	supervisor->status = status;
	supervisor->phase = SUPERVISOR_GROUPS;
	if (supervisor->restart)
		announce_restarting(&supervisor->announce);
	else
		announce_stopping(&supervisor->announce);
	recycle_stop(&supervisor->recycle);
	demand_stop(&supervisor->demand);
	replaces_cancel(&supervisor->replaces); /* first: nothing is started again by it */
	rollouts_cancel(&supervisor->rollouts);
	if (supervisor->groups_begun) {
		events_supervisor(&supervisor->events, false);
		for (size_t i = 0; i < supervisor->groups.n; i++)
			group_calm(supervisor->groups.all[i]);
		(void)stop_next(supervisor);
		supervisor_list_alive(supervisor);
		ev_timer_again(supervisor->loop, &supervisor->report);
	}
	ev_timer_set(&supervisor->step, 0., 0.);
	ev_timer_start(supervisor->loop, &supervisor->step);
}

void supervisor_restart(struct supervisor *supervisor)
{
	supervisor->restart = true;
	supervisor_shutdown(supervisor, EXIT_CLEAN);
}

void supervisor_hurry(struct supervisor *supervisor)
{
	supervisor->in_hurry = true;
	if (supervisor->phase == SUPERVISOR_LAST) {
		zygotes_kill(&supervisor->zygotes);
		control_link_kill(&supervisor->control);
		return;
	}
	for (size_t i = supervisor->groups.n; i > 0; i--)
		group_kill(supervisor->groups.all[i - 1]);
	replaces_kill(&supervisor->replaces);
}

void supervisor_step(struct supervisor *supervisor)
{
	if (supervisor->phase == SUPERVISOR_RUNNING && supervisor->essential_ended)
		supervisor_shutdown(supervisor, (enum exit_status)supervisor->essential_status);
	if (supervisor->phase == SUPERVISOR_GROUPS) {
		if (stop_next(supervisor) || !replaces_are_down(&supervisor->replaces))
			return;
		stop_zygotes(supervisor);
	}
	zygotes_bury(&supervisor->zygotes);
	reload_step(supervisor);
	if (supervisor->phase == SUPERVISOR_LAST && zygotes_are_down(&supervisor->zygotes) &&
	    !supervisor->control.pid) {
		supervisor->phase = SUPERVISOR_LOGS; /* whose end ends the loop */
		logs_end(&supervisor->logs);
	}
}

void supervisor_list_alive(struct supervisor *supervisor)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < supervisor->groups.n; i++)
		group_list_alive(supervisor->groups.all[i], &names);
	replaces_list_alive(&supervisor->replaces, &names);
	if (names.len)
		log_info("waiting for %s to die", buf_str(&names));
	buf_done(&names);
}
