/* control_rollout.c - RELOAD, DEPLOY, ROLLOUTS.  See control_calls.h. */
#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "ipc/pack.h"
#include "supervisor/control_calls.h"
#include "supervisor/listeners.h"
#include "supervisor/reload.h"
#include "supervisor/rollout.h"
#include "supervisor/supervisor.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(const struct control_call *call)
{
	return call->request->name ? call->request->name : "";
}

/* The ids from `first` on. */
static void send_ids(const struct control_call *call, uint32_t first)
{
	uint32_t last = call->supervisor->rollouts.last_id;
	struct buf body = { 0 };

	control_begin(&body);
	pack_u32(&body, last - first + 1);
	for (uint32_t id = first; id <= last; id++)
		pack_u32(&body, id);
	control_send(call->calls, call->id, &body, -1);
}

static void add(const struct control_call *call, const char *name, bool is_program,
		const char *cause, const char *undo)
{
	uint32_t id = rollouts_add(&call->supervisor->rollouts, name, is_program, cause, undo);

	listeners_renew(call->supervisor->listeners);
	if (!id) {
		control_fault(call->calls, call->id, FAULT_FAILED, "out of memory");
		return;
	}
	rollouts_begin(&call->supervisor->rollouts); /* who asks next is not told that it waits */
	reload_announce(call->supervisor);
	send_ids(call, id);
}

void control_reload(const struct control_call *call)
{
	struct supervisor *supervisor = call->supervisor;
	uint32_t before = supervisor->rollouts.last_id;
	const char *name;
	bool is_program;

	if (control_read(call) < 0)
		return;
	if (strcmp(name_of(call), "all") == 0) {
		if (reload_everything(supervisor, "reload") < 0)
			control_fault(call->calls, call->id, FAULT_FAILED,
				      "an update is under way; ask again when it has ended");
		else
			send_ids(call, before + 1);
	} else if (rollouts_find(supervisor, name_of(call), &name, &is_program) < 0) {
		control_fault(call->calls, call->id, FAULT_BAD_NAME, name_of(call));
	} else {
		add(call, name, is_program, "reload", NULL);
	}
}

void control_deploy(const struct control_call *call)
{
	struct supervisor *supervisor = call->supervisor;
	struct config_settings *settings = &supervisor->settings;
	CLEANUP_FREE char *undo = config_settings_lines(settings, name_of(call));
	struct error err = { { 0 } };

	if (!undo) {
		control_fault(call->calls, call->id, FAULT_FAILED, "out of memory");
	} else if (!config_find_zygote(supervisor->latest, name_of(call))) {
		control_fault(call->calls, call->id, FAULT_BAD_NAME, name_of(call));
	} else if (config_settings_replace(settings, name_of(call), call->request->text, &err) <
		   0) {
		control_fault(call->calls, call->id, FAULT_BAD_ARGUMENTS, err.text);
	} else if (control_read(call) < 0) {
		(void)config_settings_replace(settings, name_of(call), undo, &err);
	} else {
		add(call, name_of(call), false, "deploy", undo);
	}
}

static int pack_rollout(struct buf *body, const struct rollout *rollout)
{
	struct rollout_info info;

	if (rollout_describe(rollout, &info) < 0)
		return -1;
	rollout_info_pack(body, &info);
	for (size_t i = 0; i < info.nslots; i++)
		free(info.slots[i].name);
	free(info.slots);
	return 0;
}

void control_rollouts(const struct control_call *call)
{
	const struct rollouts *rollouts = &call->supervisor->rollouts;
	uint32_t wanted = call->request->number, n = 0;
	struct buf body = { 0 };
	int r = 0;

	for (const struct rollout *at = rollouts->all; at; at = at->next)
		n += !wanted || at->id == wanted;
	control_begin(&body);
	pack_u32(&body, n);
	for (const struct rollout *at = rollouts->all; at && r == 0; at = at->next)
		if (!wanted || at->id == wanted)
			r = pack_rollout(&body, at);
	if (r == 0) {
		control_send(call->calls, call->id, &body, -1);
		return;
	}
	buf_done(&body);
	control_fault(call->calls, call->id, FAULT_FAILED, "out of memory");
}
