/* multicall.c - system.multicall: methods one after the other, each of which may take its time. */
#include "base/util.h"
#include "control/call.h"
#include "control/calls.h"
#include "control/describe.h"
#include "rpc/value.h"
#include "rpc/write.h"

#include <stdlib.h>
#include <string.h>

struct multicall {
	struct call *outer;           /* borrowed */
	const struct rpc_value *next; /* borrowed; the call to make next */
	struct call inner;
};

static void multicall_free(struct call *call)
{
	struct multicall *multicall = call->state;

	call_done(&multicall->inner);
	free(multicall);
}

static void write_fault(struct buf *to, uint32_t fault, const char *extra)
{
	struct buf text = { 0 };

	describe_fault_text(&text, fault, extra);
	rpc_write_fault_value(to, (int)fault, buf_str(&text));
	buf_done(&text);
}

/* supervisord gives the bare result, not the array of one that the method's own help speaks of. */
static void take_result(struct multicall *multicall)
{
	struct call *inner = &multicall->inner;
	struct buf *to = &multicall->outer->result;

	if (inner->fault != FAULT_NONE)
		rpc_write_fault_value(to, (int)inner->fault, buf_str(&inner->text));
	else
		buf_add(to, buf_str(&inner->result), inner->result.len);
	call_done(inner);
}

static void step(struct multicall *multicall);

static void on_inner(struct call *inner)
{
	struct multicall *multicall = container_of(inner, struct multicall, inner);

	take_result(multicall);
	step(multicall);
}

/* Whether the result is there. */
static bool begin_one(struct multicall *multicall, const struct rpc_value *one)
{
	const struct rpc_value *name = rpc_member(one, "methodName");
	const struct rpc_value *params = rpc_member(one, "params");
	struct buf *to = &multicall->outer->result;

	if (!name || name->type != RPC_STRING)
		write_fault(to, FAULT_INCORRECT_PARAMETERS, "No methodName");
	else if (strcmp(rpc_text(name), "system.multicall") == 0)
		write_fault(to, FAULT_INCORRECT_PARAMETERS, "Recursive system.multicall forbidden");
	else if (params && params->type != RPC_ARRAY)
		write_fault(to, FAULT_INCORRECT_PARAMETERS, NULL);
	else {
		memset(&multicall->inner, 0, sizeof(multicall->inner));
		multicall->inner.done = on_inner;
		if (!call_begin(&multicall->inner, multicall->outer->host, rpc_text(name), params))
			return false;
		take_result(multicall);
	}
	return true;
}

static void step(struct multicall *multicall)
{
	while (multicall->next) {
		const struct rpc_value *one = multicall->next;

		multicall->next = one->next;
		if (!begin_one(multicall, one))
			return;
	}
	rpc_write_array_end(&multicall->outer->result);
	call_return(multicall->outer);
}

void call_multicall(struct call *call)
{
	struct multicall *multicall = calloc(1, sizeof(*multicall));

	if (!multicall) {
		call_fail(call, FAULT_FAILED, "out of memory");
		return;
	}
	multicall->outer = call;
	multicall->next = call->args[0].value->first;
	call->state = multicall;
	call->drop = multicall_free;
	rpc_write_array_begin(&call->result);
	step(multicall);
}
