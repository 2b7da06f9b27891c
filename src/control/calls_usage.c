/* calls_usage.c - what everybody takes of CPU and memory. */
#include "control/call.h"
#include "control/calls.h"
#include "control/usage.h"

#include <errno.h>

static void reply(struct call *call, struct answer *answer)
{
	struct usage usage;
	int r = usage_read(&usage, &answer->body);

	if (r == 0)
		usage_write_rpc(&call->result, &usage);
	usage_done(&usage);
	if (r == 0)
		call_return(call);
	else
		call_fail(call, FAULT_FAILED,
			  r == -ENOMEM ? "out of memory" : "the supervisor's answer is malformed");
}

void call_usage(struct call *call)
{
	call_ask(call, &(struct control_request){ .operation = CONTROL_USAGE }, reply);
}
