/* page_status.c - the table of all processes, with what can be done to them. */
#include "base/util.h"
#include "control/control.h"
#include "control/describe.h"
#include "control/exchange.h"
#include "control/form.h"
#include "control/link.h"
#include "control/namespec.h"
#include "control/page.h"
#include "control/routes.h"
#include "control/server.h"

#include <stdlib.h>

struct status_work {
	struct exchange *exchange; /* borrowed */
	struct ask ask;
};

static void drop(struct exchange *exchange)
{
	struct status_work *work = exchange->work;

	link_cancel(&exchange->control->link, &work->ask);
	free(work);
	exchange->work = NULL;
	exchange->drop = NULL;
}

/* ---- what can be done in which state ---- */

enum { START = 1, STOP = 2, RESTART = 4 };

static const struct {
	uint32_t state;
	const char *style;
	unsigned actions;
} looks[] = {
	{ STATE_RUNNING, "running", RESTART | STOP },
	{ STATE_STARTING, "other", STOP },
	{ STATE_BACKOFF, "failed", STOP },
	{ STATE_STOPPING, "other", 0 },
	{ STATE_STOPPED, "other", START },
	{ STATE_EXITED, "other", START },
	{ STATE_FATAL, "failed", START },
	{ STATE_UNKNOWN, "failed", 0 },
};

static const struct {
	unsigned action;
	const char *name, *label;
} buttons[] = {
	{ START, "start", "Start" },
	{ RESTART, "restart", "Restart" },
	{ STOP, "stop", "Stop" },
	{ 0, "clearlog", "Clear Log" },
};

static void form_begin(struct buf *to, const struct exchange *exchange, const char *name)
{
	buf_printf(to,
		   "<form method=\"post\" action=\"index.html\">"
		   "<input type=\"hidden\" name=\"token\" value=\"%s\">",
		   exchange->server->token);
	if (name) {
		buf_addstr(to, "<input type=\"hidden\" name=\"processname\" value=\"");
		page_text(to, name);
		buf_addstr(to, "\">");
	}
}

static void button(struct buf *to, const char *action, const char *label)
{
	buf_printf(to, "<button name=\"action\" value=\"%s\">%s</button> ", action, label);
}

static void link_to(struct buf *to, const char *before, const char *name, const char *after,
		    const char *label)
{
	buf_printf(to, "<a href=\"%s", before);
	form_quote(to, name);
	buf_printf(to, "%s\">", after);
	page_text(to, label);
	buf_addstr(to, "</a>");
}

static void write_row(struct buf *to, const struct exchange *exchange,
		      const struct process_info *info)
{
	CLEANUP_FREE char *name = namespec_join(info->group, info->name);
	struct buf description = { 0 };
	size_t look = 0;

	if (!name)
		return;
	while (look + 1 < ARRAY_LEN(looks) && looks[look].state != info->state)
		look++;
	describe_process(&description, info);
	buf_printf(to, "<tr><td class=\"state %s\">%s</td><td>", looks[look].style,
		   describe_state(info->state));
	page_text(to, buf_str(&description));
	buf_addstr(to, "</td><td>");
	link_to(to, "tail.html?processname=", name, "", name);
	buf_addstr(to, "</td><td>");
	form_begin(to, exchange, name);
	for (size_t i = 0; i < ARRAY_LEN(buttons); i++)
		if (!buttons[i].action || buttons[i].action & looks[look].actions)
			button(to, buttons[i].name, buttons[i].label);
	buf_addstr(to, "</form>");
	link_to(to, "logtail/", name, "", "Tail -f Stdout");
	link_to(to, "logtail/", name, "/stderr", "Tail -f Stderr");
	buf_addstr(to, "</td></tr>\n");
	buf_done(&description);
}

static void write_head(struct buf *to, struct exchange *exchange)
{
	const char *key = exchange_query(exchange, "message");
	const char *note = key ? flash_find(&exchange->control->flash, key) : NULL;

	page_begin(to, exchange->control->setup.identifier);
	if (note) {
		buf_addstr(to, "<p class=\"message\">");
		page_text(to, note);
		buf_addstr(to, "</p>\n");
	}
	buf_addstr(to, "<div class=\"bar\"><a href=\"index.html\">Refresh</a>");
	form_begin(to, exchange, NULL);
	button(to, "restartall", "Restart All");
	button(to, "stopall", "Stop All");
	buf_addstr(to, "</form></div>\n");
}

static void write_table(struct buf *to, const struct exchange *exchange, struct unpack *body)
{
	uint32_t n = unpack_u32(body);

	if (n == 0) {
		buf_addstr(to, "<p>No programs to manage</p>\n");
		return;
	}
	buf_addstr(to, "<table>\n<tr><th>State</th><th>Description</th><th>Name</th>"
		       "<th>Action</th></tr>\n");
	for (uint32_t i = 0; i < n && !body->bad; i++) {
		struct process_info info;

		process_info_unpack(&info, body);
		if (info.group && info.name)
			write_row(to, exchange, &info);
		process_info_done(&info);
	}
	buf_addstr(to, "</table>\n");
}

static void on_answer(struct ask *ask, struct answer *answer)
{
	struct exchange *exchange = container_of(ask, struct status_work, ask)->exchange;
	struct buf page = { 0 };

	drop(exchange);
	if (answer->fault != FAULT_NONE) {
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, describe_fault(answer->fault));
		return;
	}
	write_head(&page, exchange);
	write_table(&page, exchange, &answer->body);
	page_end(&page, exchange->control->setup.version);
	page_send(exchange, MHD_HTTP_OK, &page);
}

/* supervisord's pages acted on GET, so that any page anywhere could. */
static void refuse_get(struct exchange *exchange)
{
	struct buf page = { 0 };

	page_begin(&page, "Nothing was done");
	buf_addstr(&page, "<p>This address asks for an action, and actions are taken from the "
			  "buttons of the <a href=\"index.html\">status page</a> only: what a mere "
			  "link can do, a page of somebody else can do in your name. Programs use "
			  "XML-RPC (<code>/RPC2</code>) or <code>forkserverctl</code>.</p>\n");
	page_end(&page, exchange->control->setup.version);
	page_send(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, &page);
}

static void show(struct exchange *exchange)
{
	struct status_work *work = calloc(1, sizeof(*work));
	struct control_request request = { .operation = CONTROL_INFO };

	if (!work) {
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
		return;
	}
	work->exchange = exchange;
	work->ask.done = on_answer;
	exchange->work = work;
	exchange->drop = drop;
	if (link_ask(&exchange->control->link, &work->ask, &request) < 0) {
		drop(exchange);
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
	}
}

void route_status(struct exchange *exchange)
{
	if (exchange->posts)
		page_act(exchange);
	else if (exchange_query(exchange, "action"))
		refuse_get(exchange);
	else
		show(exchange);
}
