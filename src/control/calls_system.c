/* calls_system.c - system.*: the table of methods describes itself. */
#include "control/call.h"
#include "control/calls.h"
#include "control/methods.h"
#include "rpc/write.h"

void call_list_methods(struct call *call)
{
	rpc_write_array_begin(&call->result);
	for (size_t i = 0; i < nmethods; i++)
		rpc_write_string(&call->result, methods[i].name);
	rpc_write_array_end(&call->result);
	call_return(call);
}

void call_method_help(struct call *call)
{
	const struct method *method = method_find(call->args[0].text);
	struct buf help = { 0 };

	if (!method) {
		call_fail(call, FAULT_SIGNATURE_UNSUPPORTED, NULL);
		return;
	}
	method_help(method, &help);
	rpc_write_string(&call->result, buf_str(&help));
	buf_done(&help);
	call_return(call);
}

void call_method_signature(struct call *call)
{
	const struct method *method = method_find(call->args[0].text);

	if (!method) {
		call_fail(call, FAULT_SIGNATURE_UNSUPPORTED, NULL);
		return;
	}
	rpc_write_array_begin(&call->result);
	rpc_write_string(&call->result, method->returns);
	for (size_t i = 0; i < CALL_PARAMS_MAX && method->params[i].name; i++)
		rpc_write_string(&call->result, param_type(&method->params[i]));
	rpc_write_array_end(&call->result);
	call_return(call);
}
