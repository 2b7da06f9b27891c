/* probes.c - /metrics, /healthz and /readyz: what machines look at. */
#include "control/auth.h"
#include "control/control.h"
#include "control/describe.h"
#include "control/exchange.h"
#include "control/exposition.h"
#include "control/link.h"
#include "control/metrics_text.h"
#include "control/question.h"
#include "control/routes.h"
#include "control/server.h"
#include "ipc/metrics_messages.h"

#define PLAIN "text/plain;charset=utf-8"

static void send_text(struct exchange *exchange, unsigned status, const char *type,
		      struct buf *body)
{
	exchange_answer(exchange, status, type, body);
	exchange_add(exchange, "X-Content-Type-Options", "nosniff");
	exchange_add(exchange, "Cache-Control", "no-store");
	exchange_send(exchange);
}

static void say_fault(struct exchange *exchange, const struct answer *answer)
{
	struct buf text = { 0 };

	if (answer->fault == FAULT_SHUTDOWN_STATE)
		buf_addstr(&text, "the supervisor is shutting down");
	else
		describe_fault_text(&text, answer->fault, answer->text);
	exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, buf_str(&text));
	buf_done(&text);
}

/* ---- /metrics ---- */

static void reply_metrics(struct exchange *exchange, struct answer *answer)
{
	struct buf body = { 0 };

	if (answer->fault != FAULT_NONE) {
		say_fault(exchange, answer);
	} else if (metrics_text(&body, &answer->body, &exchange->control->http) < 0) {
		buf_done(&body);
		exchange_say(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR,
			     "the supervisor's answer is malformed, or there is no memory for it");
	} else {
		send_text(exchange, MHD_HTTP_OK, EXPOSITION_TYPE, &body);
	}
}

void route_metrics(struct exchange *exchange)
{
	question_ask(exchange, &(struct control_request){ .operation = CONTROL_METRICS },
		     reply_metrics);
}

/* ---- /healthz: whether the supervisor answers, whatever it says ---- */

static void reply_health(struct exchange *exchange, struct answer *answer)
{
	struct buf body = { 0 };

	(void)answer;
	buf_addstr(&body, "ok\n");
	send_text(exchange, MHD_HTTP_OK, PLAIN, &body);
}

void route_healthz(struct exchange *exchange)
{
	question_ask(exchange, &(struct control_request){ .operation = CONTROL_STATE },
		     reply_health);
}

/* ---- /readyz: whether all runs that should ---- */

static bool may_see_names(struct exchange *exchange)
{
	return auth_accepts(exchange->server->config, exchange_header(exchange, "Authorization"));
}

/* A name and a reason may be anybody's text: a line is a line. */
static void add_line(struct buf *to, const struct unready *unready)
{
	size_t from = to->len;

	buf_printf(to, "%s %s", unready->name ? unready->name : "",
		   unready->why ? unready->why : "");
	for (size_t i = from; i < to->len; i++)
		if ((unsigned char)to->data[i] < ' ')
			to->data[i] = ' ';
	buf_addch(to, '\n');
}

static void reply_ready(struct exchange *exchange, struct answer *answer)
{
	bool names = may_see_names(exchange);
	struct unpack *in = &answer->body;
	struct buf body = { 0 };
	uint32_t total, n;

	if (answer->fault != FAULT_NONE) {
		say_fault(exchange, answer);
		return;
	}
	total = unpack_u32(in);
	n = unpack_u32(in);
	if (n)
		buf_printf(&body, "not ready: %u of %u\n", n, total);
	else
		buf_addstr(&body, "ready\n");
	for (uint32_t i = 0; i < n && !in->bad; i++) {
		struct unready unready = { 0 };

		unready_unpack(&unready, in);
		if (names)
			add_line(&body, &unready);
		unready_done(&unready);
	}
	send_text(exchange, n || unpack_end(in) < 0 ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
		  PLAIN, &body);
}

void route_readyz(struct exchange *exchange)
{
	question_ask(exchange, &(struct control_request){ .operation = CONTROL_READY },
		     reply_ready);
}
