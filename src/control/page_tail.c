/* page_tail.c - the end of a process's log as a page. */
#include "base/util.h"
#include "control/control.h"
#include "control/describe.h"
#include "control/exchange.h"
#include "control/form.h"
#include "control/link.h"
#include "control/page.h"
#include "control/routes.h"
#include "control/slice.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MIN 1024
#define LIMIT_MAX (INT64_C(1) << 20)

struct tail_work {
	struct exchange *exchange; /* borrowed */
	char *name;                /* owned */
	int64_t limit;
	struct ask ask;
};

static void drop(struct exchange *exchange)
{
	struct tail_work *work = exchange->work;

	link_cancel(&exchange->control->link, &work->ask);
	free(work->name);
	free(work);
	exchange->work = NULL;
	exchange->drop = NULL;
}

static void write_log(struct buf *page, const struct tail_work *work, const struct answer *answer)
{
	struct buf bytes = { 0 };

	buf_addstr(page, "<pre>");
	if (answer->fault == FAULT_NO_FILE) {
		page_text(page, "No file for ");
		page_text(page, work->name);
	} else if (answer->fault != FAULT_NONE) {
		buf_printf(page, "ERROR: unexpected rpc fault [%u] ", answer->fault);
		describe_fault_text(&bytes, answer->fault, answer->text);
		page_bytes(page, buf_str(&bytes), bytes.len);
	} else if (slice_read(answer->fd, -work->limit, 0, &bytes) < 0) {
		page_text(page, "ERROR: the log cannot be read");
	} else {
		page_bytes(page, buf_str(&bytes), bytes.len);
	}
	buf_addstr(page, "</pre>\n");
	buf_done(&bytes);
}

static void on_answer(struct ask *ask, struct answer *answer)
{
	struct tail_work *work = container_of(ask, struct tail_work, ask);
	struct exchange *exchange = work->exchange;
	struct buf page = { 0 }, title = { 0 };

	buf_printf(&title, "Supervisor tail of process %s", work->name);
	page_begin(&page, buf_str(&title));
	write_log(&page, work, answer);
	buf_addstr(&page, "<p><a href=\"tail.html?processname=");
	form_quote(&page, work->name);
	buf_printf(&page,
		   "&amp;limit=%" PRId64 "\">Refresh</a><a href=\"index.html\">Status</a></p>\n",
		   work->limit);
	page_end(&page, exchange->control->setup.version);
	buf_done(&title);
	drop(exchange);
	page_send(exchange, MHD_HTTP_OK, &page);
}

static int64_t read_limit(struct exchange *exchange)
{
	const char *text = exchange_query(exchange, "limit");
	long long limit = text ? strtoll(text, NULL, 10) : 0;

	return limit < LIMIT_MIN ? LIMIT_MIN : limit > LIMIT_MAX ? LIMIT_MAX : limit;
}

void route_tail(struct exchange *exchange)
{
	const char *name = exchange_query(exchange, "processname");
	struct tail_work *work;
	struct control_request request = { .operation = CONTROL_LOG_OPEN, .number = 1 };

	if (!name || !*name) {
		exchange_say(exchange, MHD_HTTP_NOT_FOUND, "No process name found");
		return;
	}
	work = calloc(1, sizeof(*work));
	if (!work || !(work->name = strdup(name))) {
		free(work);
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
		return;
	}
	work->exchange = exchange;
	work->limit = read_limit(exchange);
	work->ask.done = on_answer;
	exchange->work = work;
	exchange->drop = drop;
	request.name = work->name;
	if (link_ask(&exchange->control->link, &work->ask, &request) < 0) {
		drop(exchange);
		exchange_say(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
	}
}
