/* page_action.c - what a form of the status page asks for: one or two methods, and then back to the
 * page with a line that says what has become of it. */
#include "base/util.h"
#include "control/auth.h"
#include "control/call.h"
#include "control/control.h"
#include "control/exchange.h"
#include "control/form.h"
#include "control/page.h"
#include "control/server.h"
#include "rpc/value.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* `done`: with the name, or the time of an action on all. */
static const struct action {
	const char *name;
	const char *methods[2]; /* one after the other, the second whatever the first has led to */
	bool all;
	const char *done;
} actions[] = {
	{ "start", { "supervisor.startProcess" }, false, "Process %s started" },
	{ "stop", { "supervisor.stopProcess" }, false, "Process %s stopped" },
	{ "restart",
	  { "supervisor.stopProcess", "supervisor.startProcess" },
	  false,
	  "Process %s restarted" },
	{ "clearlog", { "supervisor.clearProcessLogs" }, false, "Log for %s cleared" },
	{ "stopall", { "supervisor.stopAllProcesses" }, true, "All stopped at %s" },
	{ "restartall",
	  { "supervisor.stopAllProcesses", "supervisor.startAllProcesses" },
	  true,
	  "All restarted at %s" },
};

struct action_work {
	struct exchange *exchange;   /* borrowed */
	const struct action *action; /* static */
	size_t step;
	char *name;               /* owned; "" for all */
	struct rpc_value *params; /* owned */
	struct call call;
};

static void drop(struct exchange *exchange)
{
	struct action_work *work = exchange->work;

	call_done(&work->call);
	rpc_free(work->params);
	free(work->name);
	free(work);
	exchange->work = NULL;
	exchange->drop = NULL;
}

static const char *explain(uint32_t fault)
{
	switch (fault) {
	case FAULT_NO_FILE:
		return "no such file";
	case FAULT_NOT_EXECUTABLE:
		return "file not executable";
	case FAULT_ALREADY_STARTED:
		return "already started";
	case FAULT_SPAWN_ERROR:
		return "spawn error";
	case FAULT_ABNORMAL_TERMINATION:
		return "abnormal termination";
	case FAULT_NOT_RUNNING:
		return "not running";
	case FAULT_BAD_NAME:
		return "no such process";
	default:
		return NULL;
	}
}

static void write_note(const struct action_work *work, struct buf *note)
{
	const char *why = explain(work->call.fault);
	const char *hole = strstr(work->action->done, "%s");
	time_t now = time(NULL);
	char when[64] = "";
	struct tm tm;

	if (work->call.fault != FAULT_NONE) {
		buf_printf(note, "ERROR: Process %s: %s", work->name,
			   why ? why : buf_str(&work->call.text));
		return;
	}
	if (localtime_r(&now, &tm))
		(void)strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &tm);
	buf_add(note, work->action->done, (size_t)(hole - work->action->done));
	buf_addstr(note, work->action->all ? when : work->name);
	buf_addstr(note, hole + 2);
}

static void conclude(struct action_work *work)
{
	struct exchange *exchange = work->exchange;
	struct buf note = { 0 }, to = { 0 }, body = { 0 };
	const char *key;

	write_note(work, &note);
	drop(exchange);
	key = flash_keep(&exchange->control->flash, buf_str(&note));
	buf_printf(&to, "./?message=%s", key ? key : "");
	buf_printf(&body, "%s\n", buf_str(&note));
	exchange_answer(exchange, MHD_HTTP_SEE_OTHER, "text/plain;charset=utf-8", &body);
	exchange_add(exchange, "Location", buf_str(&to));
	exchange_send(exchange);
	buf_done(&note);
	buf_done(&to);
}

static void step(struct action_work *work);

static void on_done(struct call *call)
{
	step(container_of(call, struct action_work, call));
}

static void step(struct action_work *work)
{
	while (work->step < ARRAY_LEN(work->action->methods) && work->action->methods[work->step]) {
		call_done(&work->call);
		memset(&work->call, 0, sizeof(work->call));
		work->call.done = on_done;
		if (!call_begin(&work->call, &work->exchange->control->host,
				work->action->methods[work->step++], work->params))
			return;
	}
	conclude(work);
}

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

static bool token_is_right(const struct exchange *exchange)
{
	const struct buf *body = &exchange->body;
	CLEANUP_FREE char *token = form_field(buf_str(body), body->len, "token");

	return token &&
	       auth_equal(token, strlen(token), exchange->server->token, SERVER_TOKEN_LENGTH);
}

static void begin(struct exchange *exchange, const struct action *action, char *name)
{
	struct action_work *work = calloc(1, sizeof(*work));
	struct rpc_value *params = rpc_new(RPC_ARRAY);

	if (!work || !params || !name ||
	    (!action->all && rpc_append(params, rpc_new_string(name)) < 0)) {
		free(work);
		rpc_free(params);
		free(name);
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
		return;
	}
	work->exchange = exchange;
	work->action = action;
	work->name = name;
	work->params = params;
	exchange->work = work;
	exchange->drop = drop;
	step(work);
}

void page_act(struct exchange *exchange)
{
	const struct buf *body = &exchange->body;
	CLEANUP_FREE char *word = form_field(buf_str(body), body->len, "action");
	const struct action *action = find_action(word);
	char *name = NULL;

	if (!token_is_right(exchange)) {
		exchange_say(exchange, MHD_HTTP_FORBIDDEN,
			     "the form is not of this server, or of an earlier run of it; load the "
			     "status page again");
		return;
	}
	if (!action) {
		exchange_say(exchange, MHD_HTTP_BAD_REQUEST, "there is no such action");
		return;
	}
	name = action->all ? strdup("") : form_field(buf_str(body), body->len, "processname");
	if (!name || (!action->all && !*name)) {
		free(name);
		exchange_say(exchange, MHD_HTTP_BAD_REQUEST, "processname is missing");
		return;
	}
	begin(exchange, action, name);
}
