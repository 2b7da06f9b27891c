/* crowd.c - see crowd.h. */
#include "control/crowd.h"

#include "base/util.h"
#include "control/call.h"
#include "control/calls.h"
#include "control/describe.h"
#include "control/methods.h"
#include "control/namespec.h"
#include "rpc/write.h"

#include <stdlib.h>
#include <string.h>

struct member {
	struct crowd *crowd; /* borrowed */
	struct ask ask;
	char *group, *name; /* owned */
};

struct crowd {
	struct call *call; /* borrowed */
	bool wait;
	char *group;            /* owned; NULL: all */
	char *signal;           /* owned; NULL: none */
	struct member *members; /* owned; at their place for good */
	size_t n, left;
};

static void crowd_free(struct call *call)
{
	struct crowd *crowd = call->state;

	for (size_t i = 0; i < crowd->n; i++) {
		link_cancel(call->host->link, &crowd->members[i].ask);
		free(crowd->members[i].group);
		free(crowd->members[i].name);
	}
	free(crowd->members);
	free(crowd->group);
	free(crowd->signal);
	free(crowd);
}

static bool is_running(uint32_t state)
{
	return state == STATE_RUNNING || state == STATE_STARTING || state == STATE_BACKOFF;
}

/* Whether the operation is for a process in that state. */
static bool concerns(uint32_t operation, uint32_t state)
{
	switch (operation) {
	case CONTROL_START:
		return !is_running(state);
	case CONTROL_STOP:
		return is_running(state);
	case CONTROL_SIGNAL:
		return state == STATE_RUNNING || state == STATE_STARTING || state == STATE_STOPPING;
	default:
		return true;
	}
}

static void add_result(struct crowd *crowd, const struct member *member, uint32_t fault,
		       const char *text)
{
	struct buf *to = &crowd->call->result;
	struct buf description = { 0 };

	if (fault == FAULT_NONE)
		buf_addstr(&description, "OK");
	else
		describe_fault_text(&description, fault, text);
	rpc_write_struct_begin(to);
	rpc_write_member_string(to, "name", member->name);
	rpc_write_member_string(to, "group", member->group);
	rpc_write_member_int(to, "status", fault == FAULT_NONE ? FAULT_SUCCESS : (int)fault);
	rpc_write_member_string(to, "description", buf_str(&description));
	rpc_write_struct_end(to);
	buf_done(&description);
}

static void finish(struct crowd *crowd)
{
	rpc_write_array_end(&crowd->call->result);
	call_return(crowd->call);
}

static void on_member(struct ask *ask, struct answer *answer)
{
	struct member *member = container_of(ask, struct member, ask);
	struct crowd *crowd = member->crowd;

	add_result(crowd, member, answer->fault, answer->text);
	if (--crowd->left == 0)
		finish(crowd);
}

/* Those who are stopped together are told so: what depends on others of them goes first. */
static int ask_member(struct crowd *crowd, struct member *member)
{
	CLEANUP_FREE char *name = namespec_join(member->group, member->name);
	struct control_request request = {
		.operation = crowd->call->method->operation,
		.wait = crowd->wait,
		.number = crowd->call->method->operation == CONTROL_STOP &&
			  member < &crowd->members[crowd->n - 1],
		.name = name,
		.text = crowd->signal,
		.ntext = crowd->signal ? strlen(crowd->signal) : 0,
	};

	if (!name)
		return -1;
	member->ask.done = on_member;
	return link_ask(crowd->call->host->link, &member->ask, &request);
}

/* Takes group and name of those whom it concerns.  1: read; 0: there is no such group; -1:
 * malformed. */
static int read_members(struct crowd *crowd, struct unpack *body)
{
	uint32_t n = unpack_u32(body);
	bool found = !crowd->group;

	if (n > body->left) /* each takes more than one byte */
		return -1;
	crowd->members = calloc((size_t)n + 1, sizeof(*crowd->members));
	for (uint32_t i = 0; crowd->members && i < n; i++) {
		struct member *member = &crowd->members[crowd->n];
		struct process_info info;
		bool meant;

		process_info_unpack(&info, body);
		meant = info.group && info.name &&
			(!crowd->group || strcmp(crowd->group, info.group) == 0);
		found |= meant;
		if (meant && concerns(crowd->call->method->operation, info.state)) {
			*member = (struct member){ .crowd = crowd };
			member->group = info.group;
			member->name = info.name;
			info.group = info.name = NULL;
			crowd->n++;
		}
		process_info_done(&info);
	}
	return !crowd->members || unpack_end(body) < 0 ? -1 : found;
}

static void on_list(struct call *call, struct answer *answer)
{
	struct crowd *crowd = call->state;
	int r = read_members(crowd, &answer->body);

	if (r <= 0) {
		call_fail(call, r < 0 ? FAULT_FAILED : FAULT_BAD_NAME,
			  r < 0 ? "the supervisor's answer is malformed" : call->args[0].text);
		return;
	}
	rpc_write_array_begin(&call->result);
	crowd->left = crowd->n;
	for (size_t i = 0; i < crowd->n; i++) {
		if (ask_member(crowd, &crowd->members[i]) < 0) {
			add_result(crowd, &crowd->members[i], FAULT_FAILED, "out of memory");
			crowd->left--;
		}
	}
	if (crowd->left == 0)
		finish(crowd);
}

void crowd_begin(struct call *call, const char *group, size_t len, bool wait, const char *signal)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (!crowd) {
		call_fail(call, FAULT_FAILED, "out of memory");
		return;
	}
	crowd->call = call;
	crowd->wait = wait;
	crowd->group = group ? strndup(group, len) : NULL;
	crowd->signal = signal ? strdup(signal) : NULL;
	call->state = crowd;
	call->drop = crowd_free;
	if ((group && !crowd->group) || (signal && !crowd->signal))
		call_fail(call, FAULT_FAILED, "out of memory");
	else
		call_ask(call, &(struct control_request){ .operation = CONTROL_INFO, .number = 1 },
			 on_list);
}

/* ---- the methods ---- */

void call_group(struct call *call)
{
	const struct argument *group = &call->args[0];
	bool is_signal = call->method->operation == CONTROL_SIGNAL;

	crowd_begin(call, group->text, group->len, !is_signal && call->args[1].truth,
		    is_signal ? call->args[1].text : NULL);
}

void call_all(struct call *call)
{
	bool is_signal = call->method->operation == CONTROL_SIGNAL;
	bool has_wait = call->method->params[0].name && !is_signal;

	crowd_begin(call, NULL, 0, has_wait && call->args[0].truth,
		    is_signal ? call->args[0].text : NULL);
}
