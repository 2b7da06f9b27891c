/* calls_log.c - parts of log files, which the supervisor opens and control reads. */
#include "control/call.h"
#include "control/calls.h"
#include "control/methods.h"
#include "control/namespec.h"
#include "control/slice.h"
#include "rpc/write.h"

#include <errno.h>

static void return_slice(struct call *call, int fd, const struct argument *offset,
			 const struct argument *length)
{
	struct buf bytes = { 0 };
	int r = slice_read(fd, offset->number, length->number, &bytes);

	if (r == 0)
		rpc_write_bytes(&call->result, buf_str(&bytes), bytes.len);
	buf_done(&bytes);
	if (r == 0)
		call_return(call);
	else
		call_fail(call, r == -EINVAL ? FAULT_BAD_ARGUMENTS : FAULT_FAILED, NULL);
}

static void reply_main_log(struct call *call, struct answer *answer)
{
	return_slice(call, answer->fd, &call->args[0], &call->args[1]);
}

void call_read_main_log(struct call *call)
{
	call_ask(call, &(struct control_request){ .operation = CONTROL_LOG_OPEN }, reply_main_log);
}

static void reply_log(struct call *call, struct answer *answer)
{
	return_slice(call, answer->fd, &call->args[1], &call->args[2]);
}

/* A log is that of one process. */
static void ask_log(struct call *call, void (*reply)(struct call *call, struct answer *answer))
{
	struct control_request request = { .operation = CONTROL_LOG_OPEN,
					   .number = call->method->number,
					   .name = (char *)call->args[0].text };
	size_t len;

	if (namespec_is_group(call->args[0].text, &len))
		call_fail(call, FAULT_BAD_NAME, call->args[0].text);
	else
		call_ask_all(call, &request, reply);
}

static void reply_read(struct call *call, struct answer *answer)
{
	if (answer->fault != FAULT_NONE)
		call_fail(call, answer->fault, answer->text);
	else
		reply_log(call, answer);
}

void call_read_log(struct call *call)
{
	ask_log(call, reply_read);
}

/* A log that is not there is an empty one. */
static void reply_tail(struct call *call, struct answer *answer)
{
	struct slice_tail tail = { 0 };
	struct buf bytes = { 0 };

	if (answer->fault != FAULT_NONE && answer->fault != FAULT_NO_FILE) {
		call_fail(call, answer->fault, answer->text);
		return;
	}
	if (answer->fault == FAULT_NONE &&
	    slice_tail(answer->fd, call->args[1].number, call->args[2].number, &bytes, &tail) < 0)
		buf_clear(&bytes);
	rpc_write_array_begin(&call->result);
	rpc_write_bytes(&call->result, buf_str(&bytes), bytes.len);
	rpc_write_int(&call->result, tail.size);
	rpc_write_boolean(&call->result, tail.overflow);
	rpc_write_array_end(&call->result);
	buf_done(&bytes);
	call_return(call);
}

void call_tail_log(struct call *call)
{
	ask_log(call, reply_tail);
}
