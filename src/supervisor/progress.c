/* progress.c - see progress.h. */
#include "supervisor/progress.h"

#include "base/buf.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/depends.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"

#include <string.h>

#define NAMES_MAX 5 /* of each kind */

static const struct {
	const char *text;
	bool named;
} kinds[] = {
	[OUTLOOK_RUNNING] = { "running", false }, [OUTLOOK_STARTING] = { "starting", true },
	[OUTLOOK_FAILING] = { "failing", true },  [OUTLOOK_WAITING] = { "waiting", true },
	[OUTLOOK_FAILED] = { "failed", true },    [OUTLOOK_STOPPING] = { "stopping", true },
	[OUTLOOK_EXITED] = { "exited", false },   [OUTLOOK_IDLE] = { "not started", false },
};
_Static_assert(ARRAY_LEN(kinds) == OUTLOOKS, "a text for every outlook");

static enum outlook starting(const struct groups *groups, const struct process *process)
{
	char note[sizeof(process->note)];

	if (process->held && !hook_is_active(&process->hook) &&
	    !depends_met(groups, process, note, sizeof(note)))
		return OUTLOOK_WAITING;
	return process->backoff || process->blameless || process_is_unfit(process)
		       ? OUTLOOK_FAILING
		       : OUTLOOK_STARTING;
}

enum outlook progress_of(const struct groups *groups, const struct process *process)
{
	switch (process->state) {
	case PROCESS_RUNNING:
		return process_is_unfit(process) ? OUTLOOK_FAILING : OUTLOOK_RUNNING;
	case PROCESS_STARTING:
		return starting(groups, process);
	case PROCESS_BACKOFF:
		return OUTLOOK_FAILING;
	case PROCESS_STOPPING:
		return OUTLOOK_STOPPING;
	case PROCESS_EXITED:
		if (process->restarts)
			return OUTLOOK_FAILING;
		return process_exit_expected(process) ? OUTLOOK_EXITED : OUTLOOK_FAILED;
	case PROCESS_FATAL:
	case PROCESS_UNKNOWN:
		return OUTLOOK_FAILED;
	default:
		return OUTLOOK_IDLE;
	}
}

static bool is_patient(const struct process *process)
{
	return process->pid && process->config->ready.kind != PROBE_NONE &&
	       !process->program->readysecs;
}

struct progress progress_count(const struct groups *groups)
{
	struct progress progress = { 0 };

	for (size_t i = 0; i < groups->n; i++) {
		const struct group *group = groups->all[i];

		for (size_t k = 0; k < group->n; k++) {
			const struct process *process = group->processes[k];

			enum outlook outlook = progress_of(groups, process);

			progress.all++;
			progress.count[outlook]++;
			progress.patient += outlook == OUTLOOK_STARTING && is_patient(process);
			progress.stoppable |= !process->slain && !process_is_down(process);
		}
	}
	return progress;
}

bool progress_is_settled(const struct progress *progress, bool pass_over)
{
	return progress->count[OUTLOOK_STARTING] == (pass_over ? progress->patient : 0) &&
	       (pass_over || progress->count[OUTLOOK_FAILING] == 0);
}

/* As forkserverctl wants it. */
static void add_name(struct buf *text, const struct group *group, const struct process *process)
{
	if (strcmp(group->name, process->config->name) != 0) {
		buf_addstr(text, group->name);
		buf_addch(text, ':');
	}
	buf_addstr(text, process->config->name);
}

static void add_names(struct buf *text, const struct groups *groups, enum outlook outlook)
{
	size_t n = 0;

	for (size_t i = 0; i < groups->n; i++) {
		const struct group *group = groups->all[i];

		for (size_t k = 0; k < group->n && n <= NAMES_MAX; k++) {
			if (progress_of(groups, group->processes[k]) != outlook)
				continue;
			buf_addstr(text, n ? ", " : " (");
			if (n++ < NAMES_MAX)
				add_name(text, group, group->processes[k]);
			else
				buf_addstr(text, "…");
		}
	}
	buf_addch(text, ')');
}

void progress_text(struct buf *text, const struct groups *groups)
{
	struct progress progress = progress_count(groups);
	const char *between = ": ";

	buf_printf(text, "%zu process%s", progress.all, progress.all == 1 ? "" : "es");
	for (int i = 0; i < OUTLOOKS; i++) {
		if (!progress.count[i])
			continue;
		buf_printf(text, "%s%zu %s", between, progress.count[i], kinds[i].text);
		if (kinds[i].named)
			add_names(text, groups, (enum outlook)i);
		between = ", ";
	}
}
