/* shutdown.c - stopping in order: group after group, from the highest priority number down, then
 * the zygotes.  See supervisor.h. */
#include "base/buf.h"
#include "base/log.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/supervisor.h"

static void stop_zygotes(struct supervisor *supervisor)
{
	supervisor->phase = SUPERVISOR_LAST;
	ev_timer_stop(supervisor->loop, &supervisor->report);
	zygotes_stop(&supervisor->zygotes, supervisor->in_hurry);
}

void supervisor_shutdown(struct supervisor *supervisor, enum exit_status status)
{
	supervisor->status = status;
	supervisor->phase = SUPERVISOR_GROUPS;
	if (supervisor->groups_begun) {
		events_supervisor(&supervisor->events, false);
		for (size_t i = 0; i < supervisor->groups.n; i++)
			group_calm(supervisor->groups.all[i]);
		supervisor->group = supervisor->groups.n;
		if (supervisor->group)
			group_stop(supervisor->groups.all[supervisor->group - 1]);
		supervisor_list_alive(supervisor);
		ev_timer_again(supervisor->loop, &supervisor->report);
	}
	ev_timer_set(&supervisor->step, 0., 0.);
	ev_timer_start(supervisor->loop, &supervisor->step);
}

void supervisor_hurry(struct supervisor *supervisor)
{
	supervisor->in_hurry = true;
	if (supervisor->phase == SUPERVISOR_LAST) {
		zygotes_kill(&supervisor->zygotes);
		return;
	}
	for (size_t i = supervisor->groups.n; i > 0; i--)
		group_kill(supervisor->groups.all[i - 1]);
}

void supervisor_step(struct supervisor *supervisor)
{
	while (supervisor->phase == SUPERVISOR_GROUPS && supervisor->group > 0) {
		if (!group_is_down(supervisor->groups.all[supervisor->group - 1]))
			return;
		if (--supervisor->group > 0)
			group_stop(supervisor->groups.all[supervisor->group - 1]);
	}
	if (supervisor->phase == SUPERVISOR_GROUPS)
		stop_zygotes(supervisor);
	zygotes_bury(&supervisor->zygotes);
	if (supervisor->phase == SUPERVISOR_LAST && supervisor->zygotes.n == 0)
		ev_break(supervisor->loop, EVBREAK_ALL);
}

void supervisor_list_alive(struct supervisor *supervisor)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < supervisor->groups.n; i++)
		group_list_alive(supervisor->groups.all[i], &names);
	if (names.len)
		log_info("waiting for %s to die", buf_str(&names));
	buf_done(&names);
}
