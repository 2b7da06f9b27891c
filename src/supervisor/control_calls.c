/* control_calls.c - see control_calls.h: the table, and how answers are made. */
#include "supervisor/control_calls.h"

#include "base/util.h"
#include "supervisor/control_link.h"
#include "supervisor/groups.h"
#include "supervisor/supervisor.h"

#include <string.h>

static void remote(const struct control_call *call);

/* `early`: it may be asked before the zygotes are ready and the groups are started. */
static const struct {
	void (*act)(const struct control_call *call);
	bool early;
} operations[CONTROL_NOPERATIONS] = {
	[CONTROL_STATE] = { control_state, true },
	[CONTROL_INFO] = { control_info, true },
	[CONTROL_CONFIG] = { control_config, true },
	[CONTROL_START] = { control_start, false },
	[CONTROL_STOP] = { control_stop, false },
	[CONTROL_SIGNAL] = { control_signal, true },
	[CONTROL_STDIN] = { control_stdin, true },
	[CONTROL_REMOTE] = { remote, true },
	[CONTROL_REREAD] = { control_reread, true },
	[CONTROL_ADD] = { control_add, false },
	[CONTROL_REMOVE] = { control_remove, false },
	[CONTROL_SHUTDOWN] = { control_shutdown, true },
	[CONTROL_RESTART] = { control_restart, true },
	[CONTROL_LOG_OPEN] = { control_log_open, true },
	[CONTROL_LOG_CLEAR] = { control_log_clear, true },
	[CONTROL_LOG_ROTATE] = { control_log_rotate, true },
	[CONTROL_LOG_REOPEN] = { control_log_reopen, true },
	[CONTROL_UPDATE] = { control_update, false },
	[CONTROL_STACK] = { control_stack, true },
	[CONTROL_SUPERVISOR] = { control_supervisor, true },
	[CONTROL_ZYGOTES] = { control_zygotes, true },
	[CONTROL_READY] = { control_ready, true },
	[CONTROL_RELOAD] = { control_reload, false },
	[CONTROL_DEPLOY] = { control_deploy, false },
	[CONTROL_ROLLOUTS] = { control_rollouts, true },
	[CONTROL_METRICS] = { control_metrics, true },
	[CONTROL_USAGE] = { control_usage, true },
};

void control_calls_init(struct control_calls *calls, struct supervisor *supervisor,
			struct control_link *link)
{
	memset(calls, 0, sizeof(*calls));
	calls->supervisor = supervisor;
	calls->link = link;
}

void control_calls_take(struct control_calls *calls, uint32_t id,
			const struct control_request *request)
{
	struct supervisor *supervisor = calls->supervisor;
	struct control_call call = { calls, supervisor, id, request };
	uint32_t operation = request->operation;

	/* whoever asks while we stop is told just that, whatever it asks */
	if (supervisor->phase >= SUPERVISOR_GROUPS)
		control_fault(calls, id, FAULT_SHUTDOWN_STATE, NULL);
	else if (operation >= CONTROL_NOPERATIONS || !operations[operation].act)
		control_fault(calls, id, FAULT_UNKNOWN_METHOD, NULL);
	else if (supervisor->phase == SUPERVISOR_ZYGOTES && !operations[operation].early)
		control_fault(calls, id, FAULT_FAILED,
			      "the zygotes are being imported and audited, nothing is started "
			      "before; ask again when they are ready");
	else
		operations[operation].act(&call);
}

void control_calls_forget(struct control_calls *calls)
{
	control_waits_forget(calls);
	control_logs_forget(calls);
	control_stacks_forget(calls);
	control_usages_forget(calls);
	calls->updating = false;
}

/* ---- answers ---- */

void control_fault(struct control_calls *calls, uint32_t id, enum fault fault, const char *text)
{
	struct control_reply reply = { .fault = fault, .text = (char *)text };
	struct buf body = { 0 };

	control_reply_pack(&body, &reply);
	control_link_answer(calls->link, id, &body, -1);
}

void control_done(struct control_calls *calls, uint32_t id)
{
	control_fault(calls, id, FAULT_NONE, NULL);
}

void control_begin(struct buf *body)
{
	struct control_reply reply = { .fault = FAULT_NONE };

	control_reply_pack(body, &reply);
}

void control_send(struct control_calls *calls, uint32_t id, struct buf *body, int fd)
{
	control_link_answer(calls->link, id, body, fd);
}

struct process *control_process(const struct control_call *call)
{
	const char *name = call->request->name ? call->request->name : "";
	struct namespec found = groups_lookup(&call->supervisor->groups, name);

	if (!found.process)
		control_fault(call->calls, call->id, FAULT_BAD_NAME, name);
	return found.process;
}

static void remote(const struct control_call *call)
{
	const struct control_request *request = call->request;

	events_remote(&call->supervisor->events, request->name ? request->name : "",
		      request->text ? request->text : "", request->ntext);
	control_done(call->calls, call->id);
}
