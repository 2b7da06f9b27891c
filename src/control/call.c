/* call.c - see call.h. */
#include "control/call.h"

#include "base/util.h"
#include "control/describe.h"
#include "control/methods.h"
#include "rpc/write.h"

#include <errno.h>
#include <string.h>

bool call_begin(struct call *call, struct call_host *host, const char *method,
		const struct rpc_value *params)
{
	call->host = host;
	call->method = method_find(method);
	if (!call->method)
		call_fail(call, FAULT_UNKNOWN_METHOD, NULL);
	else if (method_arguments(call->method, params, call->args) < 0)
		call_fail(call, FAULT_INCORRECT_PARAMETERS, NULL);
	else
		call->method->begin(call);
	call->begun = true;
	return call->finished;
}

void call_done(struct call *call)
{
	if (call->host)
		link_cancel(call->host->link, &call->ask);
	if (call->drop)
		call->drop(call);
	call->drop = NULL;
	call->state = NULL;
	buf_done(&call->result);
	buf_done(&call->text);
}

static void finish(struct call *call)
{
	call->finished = true;
	if (call->begun)
		call->done(call); /* may free the call */
}

void call_return(struct call *call)
{
	if (call->result.failed)
		call_fail(call, FAULT_FAILED, "out of memory");
	else
		finish(call);
}

void call_return_true(struct call *call)
{
	rpc_write_boolean(&call->result, true);
	call_return(call);
}

void call_fail(struct call *call, uint32_t fault, const char *extra)
{
	buf_done(&call->result);
	call->fault = fault;
	describe_fault_text(&call->text, fault, extra);
	finish(call);
}

static void on_answer(struct ask *ask, struct answer *answer)
{
	struct call *call = container_of(ask, struct call, ask);

	if (answer->fault == FAULT_NONE || call->takes_faults)
		call->reply(call, answer);
	else
		call_fail(call, answer->fault, answer->text);
}

static void ask(struct call *call, const struct control_request *request)
{
	call->ask.done = on_answer;
	if (link_ask(call->host->link, &call->ask, request) < 0)
		call_fail(call, FAULT_FAILED, "out of memory");
}

void call_ask(struct call *call, const struct control_request *request,
	      void (*reply)(struct call *call, struct answer *answer))
{
	call->reply = reply;
	call->takes_faults = false;
	ask(call, request);
}

void call_ask_all(struct call *call, const struct control_request *request,
		  void (*reply)(struct call *call, struct answer *answer))
{
	call->reply = reply;
	call->takes_faults = true;
	ask(call, request);
}

bool call_check(struct call *call, const struct unpack *body)
{
	if (unpack_end(body) == 0)
		return true;
	call_fail(call, FAULT_FAILED, "the supervisor's answer is malformed");
	return false;
}
