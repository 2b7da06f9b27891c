/* exchange.c - see exchange.h. */
#include "control/exchange.h"

#include "base/util.h"
#include "control/auth.h"
#include "control/control.h"
#include "control/origin.h"
#include "control/routes.h"
#include "control/server.h"
#include "ipc/control_messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED_BODY_MAX                                                                           \
	65536 /* read to its end before the refusal, so that the client sees it                    \
	       */
#define STREAM_BLOCK 32768
#define HTTP_TOO_LARGE 413 /* its name differs between versions of libmicrohttpd */

/* ---- refusals ---- */

static void refuse(struct exchange *exchange, unsigned status, const char *text)
{
	exchange->route = NULL;
	exchange_say(exchange, status, text);
}

static void refuse_unknown(struct exchange *exchange)
{
	exchange->route = NULL;
	exchange_say(exchange, MHD_HTTP_UNAUTHORIZED, "a user name and a password are needed");
	exchange_add(exchange, "WWW-Authenticate", "Basic realm=\"default\"");
	exchange_add(exchange, "Connection", "close");
}

static void refuse_method(struct exchange *exchange, const struct route *route)
{
	static const char *const allowed[] = {
		[ROUTE_GET] = "GET, HEAD",
		[ROUTE_POST] = "POST",
		[ROUTE_GET | ROUTE_POST] = "GET, HEAD, POST",
	};

	refuse(exchange, route->refusal, "not with this method");
	exchange_add(exchange, "Allow", allowed[route->methods & (ROUTE_GET | ROUTE_POST)]);
}

static bool comes_from_elsewhere(struct exchange *exchange)
{
	struct origin_headers headers = {
		.host = exchange_header(exchange, "Host"),
		.origin = exchange_header(exchange, "Origin"),
		.referer = exchange_header(exchange, "Referer"),
		.fetch_site = exchange_header(exchange, "Sec-Fetch-Site"),
		.forwarded_host = exchange_header(exchange, "X-Forwarded-Host"),
		.user_agent = exchange_header(exchange, "User-Agent"),
	};
	const struct control_server *config = exchange->server->config;
	struct origin_server server = {
		.local = config->local,
		.authenticated = auth_required(config),
		.address = config->address,
		.hostname = exchange->control->hostname,
	};

	switch (origin_check(&headers, &server, exchange->posts, exchange->route->page)) {
	case ORIGIN_OK:
		return false;
	case ORIGIN_FOREIGN_HOST:
		refuse(exchange, MHD_HTTP_FORBIDDEN,
		       "this server has no password, so a browser may ask for it only by its "
		       "address, as localhost, or by its own host name: any other name could be "
		       "made to point here by a foreign page; set username and password to allow "
		       "every name");
		return true;
	case ORIGIN_CROSS_SITE:
		refuse(exchange, MHD_HTTP_FORBIDDEN,
		       "a page of another site has sent this request; nothing was done");
		return true;
	}
	return true;
}

/* As curl -X POST does it. */
static bool may_be_bare(struct exchange *exchange, const struct route *route)
{
	return route->methods & ROUTE_BARE && !exchange_header(exchange, "Transfer-Encoding");
}

/* The headers are here, the body is not. */
static void look(struct exchange *exchange, const char *method)
{
	bool gets = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	const struct route *route = route_find(exchange->path);
	const char *length = exchange_header(exchange, "Content-Length");

	exchange->posts = strcmp(method, "POST") == 0;
	exchange->route = route;
	if (!(route && route->methods & ROUTE_OPEN) &&
	    !auth_accepts(exchange->server->config, exchange_header(exchange, "Authorization")))
		refuse_unknown(exchange);
	else if (!route)
		refuse(exchange, MHD_HTTP_NOT_FOUND, "there is nothing of that name");
	else if (!((gets && route->methods & ROUTE_GET) ||
		   (exchange->posts && route->methods & ROUTE_POST)))
		refuse_method(exchange, route);
	else if (exchange->posts && !length && !may_be_bare(exchange, route))
		refuse(exchange, MHD_HTTP_LENGTH_REQUIRED, "Content-Length is missing");
	else if (exchange->posts && length && strtoull(length, NULL, 10) > EXCHANGE_BODY_MAX)
		refuse(exchange, HTTP_TOO_LARGE, "the request is too long");
	else if (exchange->control->ending)
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "the supervisor has gone");
	else
		(void)comes_from_elsewhere(exchange);
}

/* ---- libmicrohttpd ---- */

static struct exchange *begin(struct server *server, struct MHD_Connection *connection,
			      const char *url, const char *method)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return NULL;
	exchange->control = server->control;
	exchange->server = server;
	exchange->connection = connection;
	exchange->client = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
				   ->socket_context;
	exchange->path = strdup(url);
	server->control->nexchanges++;
	if (!exchange->path || !exchange->client)
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
	else
		look(exchange, method);
	return exchange;
}

static enum MHD_Result queue(struct exchange *exchange)
{
	metrics_http_count(&exchange->control->http, exchange->status);
	return MHD_queue_response(exchange->connection, exchange->status, exchange->response);
}

/* A refusal may end the request early only if its body is not worth reading. */
static enum MHD_Result headers_came(struct exchange *exchange)
{
	const char *length = exchange_header(exchange, "Content-Length");

	if (exchange->route)
		return MHD_YES;
	if (!exchange->response)
		return MHD_NO;
	if (length && strtoull(length, NULL, 10) <= REFUSED_BODY_MAX)
		return MHD_YES;
	return queue(exchange);
}

static void take_body(struct exchange *exchange, const char *data, size_t len)
{
	struct control *control = exchange->control;

	if (!exchange->route)
		return;
	if (exchange->body.len + len > EXCHANGE_BODY_MAX) {
		refuse(exchange, HTTP_TOO_LARGE, "the request is too long");
	} else if (control->body_bytes + len > EXCHANGE_BODIES_MAX) {
		refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "too much is asked at once");
	} else {
		buf_add(&exchange->body, data, len);
		control->body_bytes += len;
		if (exchange->body.failed)
			refuse(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
	}
}

static void free_body(struct exchange *exchange)
{
	exchange->control->body_bytes -= exchange->body.len;
	buf_done(&exchange->body);
}

static void complete(struct exchange *exchange)
{
	exchange->complete = true;
	if (exchange->client)
		client_busy(exchange->client);
	if (exchange->route)
		exchange->route->begin(exchange);
	free_body(exchange);
}

enum MHD_Result exchange_handle(void *server, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *data,
				size_t *len, void **context)
{
	struct exchange *exchange = *context;

	(void)version;
	if (!exchange) {
		exchange = *context = begin(server, connection, url, method);
		return exchange ? headers_came(exchange) : MHD_NO;
	}
	if (exchange->dead)
		return MHD_NO;
	if (*len > 0) {
		take_body(exchange, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (!exchange->complete)
		complete(exchange);
	if (exchange->response)
		return queue(exchange);
	exchange_suspend(exchange);
	return MHD_YES;
}

void exchange_free(struct exchange *exchange)
{
	if (exchange->client)
		exchange->client->suspended = NULL;
	if (exchange->drop)
		exchange->drop(exchange);
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	free_body(exchange);
	exchange->control->nexchanges--;
	free(exchange->path);
	free(exchange);
}

void exchange_hang_up(struct exchange *exchange)
{
	exchange->dead = true;
	if (exchange->drop)
		exchange->drop(exchange);
	exchange->drop = NULL;
	exchange->work = NULL;
	exchange_resume(exchange);
}

/* ---- for routes ---- */

void exchange_suspend(struct exchange *exchange)
{
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection);
	if (!exchange->client)
		return;
	exchange->client->suspended = exchange;
	hangup_watch(&exchange->control->hangup, exchange->client);
}

void exchange_resume(struct exchange *exchange)
{
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	if (exchange->client)
		exchange->client->suspended = NULL;
	MHD_resume_connection(exchange->connection);
	server_kick(exchange->server);
}

static void set_response(struct exchange *exchange, unsigned status, const char *type,
			 struct MHD_Response *response)
{
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	exchange->response = response;
	exchange->status = status;
	if (response)
		exchange_add(exchange, "Content-Type", type);
	else
		exchange->dead = true; /* out of memory: the connection is closed */
}

void exchange_answer(struct exchange *exchange, unsigned status, const char *type, struct buf *body)
{
	size_t len = body->len;
	char *text = buf_steal(body);
	struct MHD_Response *response = NULL;

	if (text)
		response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(text);
	set_response(exchange, status, type, response);
}

void exchange_add(struct exchange *exchange, const char *name, const char *value)
{
	if (exchange->response)
		(void)MHD_add_response_header(exchange->response, name, value);
}

void exchange_send(struct exchange *exchange)
{
	exchange_resume(exchange);
}

void exchange_say(struct exchange *exchange, unsigned status, const char *text)
{
	struct buf body = { 0 };

	buf_printf(&body, "%s\n", text);
	exchange_answer(exchange, status, "text/plain;charset=utf-8", &body);
	exchange_add(exchange, "X-Content-Type-Options", "nosniff");
	exchange_send(exchange);
}

struct stream {
	struct exchange *exchange; /* borrowed; it outlives its response */
	ssize_t (*read)(struct exchange *exchange, char *to, size_t max);
};

static ssize_t on_read(void *data, uint64_t position, char *to, size_t max)
{
	struct stream *stream = data;
	ssize_t n;

	(void)position;
	if (stream->exchange->dead)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = stream->read(stream->exchange, to, max);
	return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

void exchange_stream(struct exchange *exchange, const char *type,
		     ssize_t (*read)(struct exchange *exchange, char *to, size_t max))
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct MHD_Response *response = NULL;

	if (stream) {
		stream->exchange = exchange;
		stream->read = read;
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
							     on_read, stream, free);
	}
	if (!response)
		free(stream);
	exchange->streams = true;
	set_response(exchange, MHD_HTTP_OK, type, response);
}

const char *exchange_header(struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *exchange_query(struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}
