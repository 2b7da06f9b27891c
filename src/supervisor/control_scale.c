/* control_scale.c - SCALE: another number of processes.  See control_calls.h. */
#include "base/error.h"
#include "config/config.h"
#include "ipc/pack.h"
#include "supervisor/control_calls.h"
#include "supervisor/group.h"
#include "supervisor/scale.h"
#include "supervisor/supervisor.h"

static void pack_scale(struct buf *body, const struct scale_target *target, uint32_t now)
{
	control_begin(body);
	pack_str(body, target->group->name);
	pack_str(body, target->program->name);
	pack_u32(body, (uint32_t)target->program->nprocesses);
	pack_u32(body, now);
	pack_u32(body, target->program->numprocs);
}

void control_scale(const struct control_call *call)
{
	const char *name = call->request->name ? call->request->name : "";
	struct scale_target target = scale_find(&call->supervisor->groups, name);
	uint32_t number = call->request->number;
	struct error err = { { 0 } };
	struct buf body = { 0 };

	if (target.other) {
		error_set(&err, "%s is in more than one group; name one, such as %s:%s", name,
			  target.other->name, name);
		control_fault(call->calls, call->id, FAULT_FAILED, err.text);
		return;
	}
	if (!target.group) {
		control_fault(call->calls, call->id, FAULT_BAD_NAME, name);
		return;
	}
	pack_scale(&body, &target,
		   number == CONTROL_SCALE_ASK ? (uint32_t)target.program->nprocesses : number);
	if (number == CONTROL_SCALE_ASK) {
		control_send(call->calls, call->id, &body, -1);
	} else if (scale_begin(call->supervisor, &target, number, &err) < 0) {
		buf_done(&body);
		control_fault(call->calls, call->id, FAULT_FAILED, err.text);
	} else if (call->request->wait) {
		control_await_update(call->calls, call->id, &body);
	} else {
		control_send(call->calls, call->id, &body, -1);
	}
}
