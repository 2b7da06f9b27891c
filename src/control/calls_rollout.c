/* calls_rollout.c - reloads: begins them, and tells how they go.  See ipc/rollout_messages.h. */
#include "control/call.h"
#include "control/calls.h"
#include "control/describe.h"
#include "control/methods.h"
#include "ipc/rollout_messages.h"
#include "rpc/value.h"
#include "rpc/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *text(const char *maybe)
{
	return maybe ? maybe : "";
}

/* ---- reload, deploy ---- */

static void reply_ids(struct call *call, struct answer *answer)
{
	uint32_t n = unpack_u32(&answer->body);

	rpc_write_array_begin(&call->result);
	for (uint32_t i = 0; i < n && !answer->body.bad; i++)
		rpc_write_int(&call->result, unpack_u32(&answer->body));
	rpc_write_array_end(&call->result);
	if (call_check(call, &answer->body))
		call_return(call);
}

void call_reload(struct call *call)
{
	struct control_request request = { .operation = CONTROL_RELOAD,
					   .name = (char *)call->args[0].text };

	call_ask(call, &request, reply_ids);
}

/* What stands in a line of its own has no line ends, nor other characters that are not shown. */
static bool is_line(const char *at)
{
	for (; *at; at++)
		if ((unsigned char)*at < ' ' && *at != '\t')
			return false;
	return true;
}

static bool is_key(const char *key)
{
	return *key && is_line(key) && !strchr(key, '=') && !strchr(key, '\t');
}

/* A number is as good as its digits: that is how clients write preload_timeout. */
static bool add_value(struct buf *to, const struct rpc_value *value)
{
	if (value->type == RPC_INT)
		buf_printf(to, "%" PRId64, value->integer);
	else if (value->type == RPC_STRING && is_line(rpc_text(value)))
		buf_addstr(to, rpc_text(value));
	else
		return false;
	return true;
}

/* Writes "key=value" lines; NULL, or why they cannot be written. */
static const char *write_settings(struct buf *to, const struct rpc_value *settings)
{
	const struct rpc_value *at = settings ? settings->first : NULL;

	for (; at; at = at->next) {
		if (!is_key(text(at->name)))
			return "a key is empty, or has a = or a line end in it";
		buf_printf(to, "%s=", at->name);
		if (!add_value(to, at))
			return "a value is no string or int, or has a line end in it";
		buf_addch(to, '\n');
	}
	return to->failed ? "out of memory" : NULL;
}

void call_deploy(struct call *call)
{
	struct buf settings = { 0 };
	const char *error = write_settings(&settings, call->args[1].value);
	struct control_request request = { .operation = CONTROL_DEPLOY,
					   .name = (char *)call->args[0].text,
					   .text = settings.data,
					   .ntext = settings.len };

	if (error)
		call_fail(call, FAULT_BAD_ARGUMENTS, error);
	else
		call_ask(call, &request, reply_ids);
	buf_done(&settings);
}

/* ---- rollout, history ---- */

static void write_slot(struct buf *to, const struct rollout_slot_info *slot)
{
	rpc_write_struct_begin(to);
	rpc_write_member_string(to, "name", text(slot->name));
	rpc_write_member_string(to, "state", describe_slot(slot->state));
	rpc_write_member_int(to, "from_pid", slot->from_pid);
	rpc_write_member_int(to, "to_pid", slot->to_pid);
	rpc_write_member_seconds(to, "seconds", slot->us);
	rpc_write_member_string(to, "why", text(slot->why));
	rpc_write_struct_end(to);
}

static void write_info(struct buf *to, const struct rollout_info *info)
{
	rpc_write_struct_begin(to);
	rpc_write_member_int(to, "id", info->id);
	rpc_write_member_boolean(to, "is_program", info->is_program);
	rpc_write_member_string(to, "name", text(info->name));
	rpc_write_member_string(to, "cause", text(info->cause));
	rpc_write_member_string(to, "phase", describe_phase(info->phase));
	rpc_write_member_string(to, "outcome", describe_outcome(info->outcome));
	rpc_write_member_int(to, "generation", info->generation);
	rpc_write_member_int(to, "before", info->before);
	rpc_write_member_int(to, "start", (int64_t)info->start);
	rpc_write_member_seconds(to, "seconds", info->us);
	rpc_write_member_seconds(to, "import_seconds", info->import_us);
	rpc_write_member_string(to, "audit", text(info->audit));
	rpc_write_member_string(to, "why", text(info->why));
	rpc_write_member_begin(to, "slots");
	rpc_write_array_begin(to);
	for (size_t i = 0; i < info->nslots; i++)
		write_slot(to, &info->slots[i]);
	rpc_write_array_end(to);
	rpc_write_member_end(to);
	rpc_write_struct_end(to);
}

/* Writes the structs of a CONTROL_ROLLOUTS' answer, one after the other; how many. */
static uint32_t write_infos(struct call *call, struct answer *answer)
{
	uint32_t n = unpack_u32(&answer->body);

	for (uint32_t i = 0; i < n && !answer->body.bad; i++) {
		struct rollout_info info;

		rollout_info_unpack(&info, &answer->body);
		write_info(&call->result, &info);
		rollout_info_done(&info);
	}
	return n;
}

static void fail_with_id(struct call *call)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, call->args[0].number);
	call_fail(call, FAULT_BAD_NAME, digits);
}

static void reply_rollout(struct call *call, struct answer *answer)
{
	uint32_t n = write_infos(call, answer);

	if (!call_check(call, &answer->body))
		return;
	if (n == 1)
		call_return(call);
	else
		fail_with_id(call);
}

/* 0 would be all of them. */
void call_rollout(struct call *call)
{
	int64_t id = call->args[0].number;
	struct control_request request = { .operation = CONTROL_ROLLOUTS, .number = (uint32_t)id };

	if (id <= 0 || id > UINT32_MAX)
		fail_with_id(call);
	else
		call_ask(call, &request, reply_rollout);
}

static void reply_history(struct call *call, struct answer *answer)
{
	rpc_write_array_begin(&call->result);
	(void)write_infos(call, answer);
	rpc_write_array_end(&call->result);
	if (call_check(call, &answer->body))
		call_return(call);
}

void call_history(struct call *call)
{
	call_ask(call, &(struct control_request){ .operation = CONTROL_ROLLOUTS }, reply_history);
}
