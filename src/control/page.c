/* page.c - see page.h; the style sheet and the simplest page. */
#include "control/page.h"

#include "base/buf.h"
#include "control/exchange.h"
#include "control/routes.h"
#include "rpc/text.h"

#include <string.h>

#define POLICY                                                                                     \
	"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "              \
	"frame-ancestors 'none'"

static const char stylesheet[] =
	"body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em;\n"
	"       padding: 0 1em; color: #222; background: #fff; }\n"
	"h1 { font-size: 1.4em; }\n"
	"table { border-collapse: collapse; width: 100%; }\n"
	"th, td { text-align: left; padding: .4em .8em; border-bottom: 1px solid #ddd; }\n"
	"td form, .bar form { display: inline; }\n"
	"button { font: inherit; cursor: pointer; }\n"
	"a { color: #05a; margin-right: .6em; }\n"
	"pre { background: #f6f6f6; padding: 1em; overflow-x: auto; white-space: pre-wrap; }\n"
	".state { font-weight: bold; }\n"
	".running { color: #161; }\n"
	".failed { color: #b11; }\n"
	".other { color: #850; }\n"
	".message { background: #ffd; border: 1px solid #dd9; padding: .6em 1em; }\n"
	"footer { margin-top: 2em; color: #777; font-size: .9em; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"  body { color: #ddd; background: #1b1b1b; }\n"
	"  th, td { border-color: #444; } a { color: #8bf; } pre { background: #262626; }\n"
	"  .running { color: #7d7; } .failed { color: #f88; } .other { color: #fc6; }\n"
	"  .message { background: #332; border-color: #664; } }\n";

void page_begin(struct buf *to, const char *title)
{
	buf_addstr(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	page_text(to, title);
	buf_addstr(to, "</title>\n<link rel=\"stylesheet\" href=\"stylesheets/supervisor.css\">\n"
		       "</head>\n<body>\n<h1>");
	page_text(to, title);
	buf_addstr(to, "</h1>\n");
}

void page_text(struct buf *to, const char *text)
{
	text_escape_quoted(to, text, strlen(text));
}

void page_bytes(struct buf *to, const char *data, size_t len)
{
	text_escape_quoted(to, data, len);
}

void page_end(struct buf *to, const char *version)
{
	buf_addstr(to, "<footer>forkserver; supervisord's interface ");
	page_text(to, version);
	buf_addstr(to, "</footer>\n</body>\n</html>\n");
}

static void add_headers(struct exchange *exchange)
{
	static const char *const headers[][2] = {
		{ "Content-Security-Policy", POLICY },   { "X-Frame-Options", "DENY" },
		{ "X-Content-Type-Options", "nosniff" }, { "Referrer-Policy", "same-origin" },
		{ "Cache-Control", "no-store" },
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		exchange_add(exchange, headers[i][0], headers[i][1]);
}

void page_send(struct exchange *exchange, unsigned status, struct buf *page)
{
	exchange_answer(exchange, status, "text/html;charset=utf-8", page);
	add_headers(exchange);
	exchange_send(exchange);
}

void route_stylesheet(struct exchange *exchange)
{
	struct buf body = { 0 };

	buf_addstr(&body, stylesheet);
	exchange_answer(exchange, MHD_HTTP_OK, "text/css;charset=utf-8", &body);
	exchange_add(exchange, "X-Content-Type-Options", "nosniff");
	exchange_add(exchange, "Cache-Control", "max-age=3600");
	exchange_send(exchange);
}

void route_ok(struct exchange *exchange)
{
	struct buf body = { 0 };

	buf_addstr(&body, "OK");
	exchange_answer(exchange, MHD_HTTP_OK, "text/plain", &body);
	exchange_send(exchange);
}
