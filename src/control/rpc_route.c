/* rpc_route.c - POST /RPC2: a call in, a result or a fault out. */
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "control/call.h"
#include "control/control.h"
#include "control/exchange.h"
#include "control/routes.h"
#include "rpc/read.h"
#include "rpc/write.h"

#include <stdlib.h>

struct rpc_work {
	struct exchange *exchange; /* borrowed */
	struct rpc_call request;   /* owned */
	struct call call;
};

static void drop(struct exchange *exchange)
{
	struct rpc_work *work = exchange->work;

	call_done(&work->call);
	rpc_call_done(&work->request);
	free(work);
	exchange->work = NULL;
	exchange->drop = NULL;
}

static void answer(struct rpc_work *work)
{
	struct exchange *exchange = work->exchange;
	struct buf body = { 0 };

	if (work->call.fault == FAULT_NONE)
		rpc_write_response(&body, &work->call.result);
	else
		rpc_write_fault(&body, (int)work->call.fault, buf_str(&work->call.text));
	drop(exchange);
	exchange_answer(exchange, MHD_HTTP_OK, "text/xml", &body);
	exchange_send(exchange);
}

static void on_done(struct call *call)
{
	answer(container_of(call, struct rpc_work, call));
}

void route_rpc(struct exchange *exchange)
{
	struct rpc_work *work = calloc(1, sizeof(*work));
	struct error err = { { 0 } };

	if (!work) {
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
		return;
	}
	if (rpc_read_call(&work->request, buf_str(&exchange->body), exchange->body.len, &err) < 0) {
		free(work);
		log_error("an XML-RPC request is invalid: %s", err.text);
		exchange_say(exchange, MHD_HTTP_BAD_REQUEST, err.text);
		return;
	}
	work->exchange = exchange;
	work->call.done = on_done;
	exchange->work = work;
	exchange->drop = drop;
	if (call_begin(&work->call, &exchange->control->host, work->request.method,
		       work->request.params))
		answer(work);
}
