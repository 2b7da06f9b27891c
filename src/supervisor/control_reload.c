/* control_reload.c - REREAD, ADD, REMOVE, UPDATE, SHUTDOWN, RESTART.  See control_calls.h. */
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "ipc/pack.h"
#include "supervisor/control_calls.h"
#include "supervisor/reload.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <string.h>

/* Without the "Error: " before each line: whoever asked says that. */
static void strip_errors(char *text)
{
	static const char prefix[] = "Error: ";
	const size_t len = sizeof(prefix) - 1;

	for (char *line = text; line; line = strchr(line, '\n'), line += line != NULL)
		if (strncmp(line, prefix, len) == 0)
			memmove(line, line + len, strlen(line + len) + 1);
}

int control_read(const struct control_call *call)
{
	struct buf messages = { 0 };
	int r = reload_read(call->supervisor, &messages);
	CLEANUP_FREE char *text = buf_steal(&messages);

	if (r < 0) {
		size_t len = text ? strlen(text) : 0;

		if (len && text[len - 1] == '\n')
			text[len - 1] = '\0';
		if (text)
			strip_errors(text);
		log_error("the configuration has errors, so nothing was changed: %s",
			  text ? text : "out of memory");
		control_fault(call->calls, call->id, FAULT_CANT_REREAD, text);
		return -1;
	}
	if (text && *text)
		log_warn("%s", text);
	return 0;
}

void control_reread(const struct control_call *call)
{
	struct reload_names names;
	struct buf body = { 0 };

	if (control_read(call) < 0)
		return;
	if (reload_diff(call->supervisor, &names) < 0) {
		control_fault(call->calls, call->id, FAULT_FAILED, "out of memory");
		return;
	}
	control_begin(&body);
	pack_strv(&body, names.added);
	pack_strv(&body, names.changed);
	pack_strv(&body, names.removed);
	control_send(call->calls, call->id, &body, -1);
	reload_names_done(&names);
}

static const char *name_of(const struct control_call *call)
{
	return call->request->name ? call->request->name : "";
}

void control_add(const struct control_call *call)
{
	struct error err = { { 0 } };
	int r = reload_add(call->supervisor, name_of(call), &err);

	if (r == 0) {
		control_done(call->calls, call->id);
	} else if (r == -EIO) {
		log_error("group '%s' cannot be added: %s", name_of(call), err.text);
		control_fault(call->calls, call->id, FAULT_FAILED, err.text);
	} else {
		control_fault(call->calls, call->id,
			      r == -EEXIST ? FAULT_ALREADY_ADDED : FAULT_BAD_NAME, name_of(call));
	}
}

void control_remove(const struct control_call *call)
{
	int r = reload_remove(call->supervisor, name_of(call));

	if (r == 0)
		control_done(call->calls, call->id);
	else
		control_fault(call->calls, call->id,
			      r == -EBUSY ? FAULT_STILL_RUNNING : FAULT_BAD_NAME, name_of(call));
}

/* ---- UPDATE ---- */

static void send_names(struct control_calls *calls, uint32_t id)
{
	const struct reload *reload = &calls->supervisor->reload;
	struct buf body = { 0 };

	if (reload->failure) {
		control_fault(calls, id, FAULT_FAILED, reload->failure);
		return;
	}
	if (calls->update_body.len) {
		control_send(calls, id, &calls->update_body, -1);
		return;
	}
	control_begin(&body);
	pack_strv(&body, reload->names.stopped);
	pack_strv(&body, reload->names.changed);
	pack_strv(&body, reload->names.added);
	pack_strv(&body, reload->names.removed);
	control_send(calls, id, &body, -1);
}

void control_update(const struct control_call *call)
{
	struct control_calls *calls = call->calls;
	int r = reload_update(call->supervisor, call->request->name);

	if (r == 0)
		reload_announce(call->supervisor);
	if (r == -EBUSY) {
		control_fault(calls, call->id, FAULT_FAILED,
			      "another update is under way; ask again when it has ended");
	} else if (r < 0) {
		control_fault(calls, call->id, FAULT_BAD_NAME, name_of(call));
	} else if (call->request->wait) {
		control_await_update(calls, call->id, &(struct buf){ 0 });
	} else {
		send_names(calls, call->id);
	}
}

void control_await_update(struct control_calls *calls, uint32_t id, struct buf *body)
{
	calls->updating = true;
	calls->update_id = id;
	calls->update_body = *body;
}

void control_updated(struct control_calls *calls)
{
	if (calls->updating)
		send_names(calls, calls->update_id);
	calls->updating = false;
	buf_done(&calls->update_body);
}

/* ---- the end ---- */

void control_shutdown(const struct control_call *call)
{
	log_warn("shutdown was asked for");
	control_done(call->calls, call->id);
	supervisor_shutdown(call->supervisor, EXIT_CLEAN);
}

/* A configuration with errors stops nothing. */
void control_restart(const struct control_call *call)
{
	if (control_read(call) < 0)
		return;
	log_warn("restart was asked for");
	control_done(call->calls, call->id);
	supervisor_restart(call->supervisor);
}
