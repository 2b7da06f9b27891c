/* calls_process.c - one process by its name; a name that means a group goes to the crowd. */
#include "base/util.h"
#include "control/call.h"
#include "control/calls.h"
#include "control/crowd.h"
#include "control/methods.h"
#include "control/namespec.h"

#include <string.h>

static void reply_true(struct call *call, struct answer *answer)
{
	if (call_check(call, &answer->body))
		call_return_true(call);
}

/* A name that may be left out, or "", is that of everything. */
void call_operation(struct call *call)
{
	const struct param *param = &call->method->params[0];
	bool all = !param->name || (param->optional && !call->args[0].len);

	call_ask(call,
		 &(struct control_request){ .operation = call->method->operation,
					    .name = all ? NULL : (char *)call->args[0].text },
		 reply_true);
}

static void ask_one(struct call *call, bool wait, const struct argument *text)
{
	struct control_request request = {
		.operation = call->method->operation,
		.wait = wait,
		.name = (char *)call->args[0].text,
		.text = text ? (char *)text->text : NULL,
		.ntext = text ? text->len : 0,
	};

	call_ask(call, &request, reply_true);
}

void call_process(struct call *call)
{
	size_t len;

	if (namespec_is_group(call->args[0].text, &len))
		crowd_begin(call, call->args[0].text, len, call->args[1].truth, NULL);
	else
		ask_one(call, call->args[1].truth, NULL);
}

void call_signal(struct call *call)
{
	size_t len;

	if (namespec_is_group(call->args[0].text, &len))
		crowd_begin(call, call->args[0].text, len, false, call->args[1].text);
	else
		ask_one(call, false, &call->args[1]);
}

void call_send(struct call *call)
{
	ask_one(call, false, &call->args[1]);
}
