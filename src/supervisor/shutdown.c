/* shutdown.c - stopping in order: group after group, from the highest priority number down, then
 * the zygotes.  See supervisor.h. */
#include "base/buf.h"
#include "base/log.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/supervisor.h"

static void stop_zygotes(struct supervisor *supervisor)
{
	size_t n = supervisor->config->nzygotes;

	supervisor->phase = SUPERVISOR_LAST;
	ev_timer_stop(supervisor->loop, &supervisor->report);
	supervisor->stopping = (unsigned)n;
	for (size_t i = 0; i < n; i++) {
		zygote_link_stop(&supervisor->zygotes[i]);
		if (supervisor->in_hurry)
			zygote_link_kill(&supervisor->zygotes[i]);
	}
}

void supervisor_shutdown(struct supervisor *supervisor, enum exit_status status)
{
	supervisor->status = status;
	supervisor->phase = SUPERVISOR_GROUPS;
	if (supervisor->groups_begun) {
		for (size_t i = 0; i < supervisor->ngroups; i++)
			group_calm(&supervisor->groups[i]);
		supervisor->group = supervisor->ngroups;
		if (supervisor->group)
			group_stop(&supervisor->groups[supervisor->group - 1]);
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
		for (size_t i = 0; i < supervisor->config->nzygotes; i++)
			zygote_link_kill(&supervisor->zygotes[i]);
		return;
	}
	for (size_t i = supervisor->ngroups; i > 0; i--)
		group_kill(&supervisor->groups[i - 1]);
}

void supervisor_step(struct supervisor *supervisor)
{
	while (supervisor->phase == SUPERVISOR_GROUPS && supervisor->group > 0) {
		if (!group_is_down(&supervisor->groups[supervisor->group - 1]))
			return;
		if (--supervisor->group > 0)
			group_stop(&supervisor->groups[supervisor->group - 1]);
	}
	if (supervisor->phase == SUPERVISOR_GROUPS)
		stop_zygotes(supervisor);
	if (supervisor->phase == SUPERVISOR_LAST && supervisor->stopping == 0)
		ev_break(supervisor->loop, EVBREAK_ALL);
}

void supervisor_list_alive(struct supervisor *supervisor)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < supervisor->ngroups; i++)
		group_list_alive(&supervisor->groups[i], &names);
	if (names.len)
		log_info("waiting for %s to die", buf_str(&names));
	buf_done(&names);
}
