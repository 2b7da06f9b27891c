/* calls_supervisor.c - the supervisor itself, its configuration and groups. */
#include "base/strv.h"
#include "base/util.h"
#include "control/call.h"
#include "control/calls.h"
#include "control/describe.h"
#include "rpc/write.h"

#define API_VERSION "3.0" /* supervisorctl refuses any other */

/* Answers what is known here, but as supervisord only while it is not shutting down. */
static void ask_state(struct call *call, void (*reply)(struct call *call, struct answer *answer))
{
	call_ask(call, &(struct control_request){ .operation = CONTROL_STATE }, reply);
}

static bool take_state(struct call *call, struct answer *answer, struct control_state *state)
{
	control_state_unpack(state, &answer->body);
	if (!call_check(call, &answer->body))
		return false;
	if (state->code >= 1)
		return true;
	call_fail(call, FAULT_SHUTDOWN_STATE, NULL);
	return false;
}

static void reply_text(struct call *call, struct answer *answer, const char *text)
{
	struct control_state state;

	if (!take_state(call, answer, &state))
		return;
	rpc_write_string(&call->result, text);
	call_return(call);
}

static void reply_api_version(struct call *call, struct answer *answer)
{
	reply_text(call, answer, API_VERSION);
}

void call_api_version(struct call *call)
{
	ask_state(call, reply_api_version);
}

static void reply_version(struct call *call, struct answer *answer)
{
	reply_text(call, answer, call->host->version);
}

void call_supervisor_version(struct call *call)
{
	ask_state(call, reply_version);
}

static void reply_identification(struct call *call, struct answer *answer)
{
	reply_text(call, answer, call->host->identifier);
}

void call_identification(struct call *call)
{
	ask_state(call, reply_identification);
}

static void reply_state(struct call *call, struct answer *answer)
{
	struct control_state state;

	if (!take_state(call, answer, &state))
		return;
	rpc_write_struct_begin(&call->result);
	rpc_write_member_int(&call->result, "statecode", state.code);
	rpc_write_member_string(&call->result, "statename", describe_supervisor_state(state.code));
	rpc_write_struct_end(&call->result);
	call_return(call);
}

void call_state(struct call *call)
{
	ask_state(call, reply_state);
}

static void reply_pid(struct call *call, struct answer *answer)
{
	struct control_state state;

	if (!take_state(call, answer, &state))
		return;
	rpc_write_int(&call->result, state.pid);
	call_return(call);
}

void call_pid(struct call *call)
{
	ask_state(call, reply_pid);
}

/* The next vector of names in the answer. */
static void write_names(struct call *call, struct answer *answer)
{
	char **names = unpack_strv(&answer->body);

	rpc_write_array_begin(&call->result);
	for (char **at = names; at && *at; at++)
		rpc_write_string(&call->result, *at);
	rpc_write_array_end(&call->result);
	strv_free(names);
}

static void reply_reread(struct call *call, struct answer *answer)
{
	rpc_write_array_begin(&call->result);
	rpc_write_array_begin(&call->result);
	for (int i = 0; i < 3; i++)
		write_names(call, answer);
	rpc_write_array_end(&call->result);
	rpc_write_array_end(&call->result);
	if (call_check(call, &answer->body))
		call_return(call);
}

void call_reread(struct call *call)
{
	call_ask(call, &(struct control_request){ .operation = CONTROL_REREAD }, reply_reread);
}

static void reply_update(struct call *call, struct answer *answer)
{
	static const char *const names[] = { "stopped", "changed", "added", "removed" };

	rpc_write_struct_begin(&call->result);
	for (int i = 0; i < 4; i++) {
		rpc_write_member_begin(&call->result, names[i]);
		write_names(call, answer);
		rpc_write_member_end(&call->result);
	}
	rpc_write_struct_end(&call->result);
	if (call_check(call, &answer->body))
		call_return(call);
}

void call_update(struct call *call)
{
	const char *name = call->args[0].text;

	call_ask(call,
		 &(struct control_request){ .operation = CONTROL_UPDATE,
					    .name = *name ? (char *)name : NULL,
					    .wait = call->args[1].truth },
		 reply_update);
}

static void reply_scale(struct call *call, struct answer *answer)
{
	static const char *const names[] = { "group", "program" };
	static const char *const numbers[] = { "before", "now", "numprocs" };

	rpc_write_struct_begin(&call->result);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP_FREE char *name = unpack_str(&answer->body);

		rpc_write_member_string(&call->result, names[i], name ? name : "");
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		rpc_write_member_int(&call->result, numbers[i], unpack_u32(&answer->body));
	rpc_write_struct_end(&call->result);
	if (call_check(call, &answer->body))
		call_return(call);
}

void call_scale(struct call *call)
{
	bool asks = !call->args[1].value || call->args[1].number < 0;
	int64_t number = asks ? CONTROL_SCALE_ASK : call->args[1].number;

	if (!asks && number >= CONTROL_SCALE_ASK) {
		call_fail(call, FAULT_BAD_ARGUMENTS, "number");
		return;
	}
	call_ask(call,
		 &(struct control_request){ .operation = CONTROL_SCALE,
					    .name = (char *)call->args[0].text,
					    .number = (uint32_t)number,
					    .wait = call->args[2].truth },
		 reply_scale);
}
