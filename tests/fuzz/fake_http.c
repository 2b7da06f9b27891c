/* fake_http.c - see fake_http.h. */
#include "fake_http.h"

#include "base/util.h"
#include "control/server.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define STREAM_BLOCK 1000
#define STREAM_MAX ((size_t)1 << 20) /* no log here is so long */

struct MHD_Daemon {
	MHD_AccessHandlerCallback handle;
	MHD_RequestCompletedCallback completed;
	MHD_NotifyConnectionCallback notify;
	void *handle_data, *completed_data, *notify_data;
	int epoll;
};

struct MHD_Response {
	unsigned references;
	struct buf body;
	MHD_ContentReaderCallback read;
	MHD_ContentReaderFreeCallback done;
	void *data; /* of `read` */
	struct buf headers[FAKE_PAIRS_MAX];
	size_t nheaders;
};

struct MHD_Connection { /* there is one, and the rest of it is fake_connection */
	struct MHD_Daemon *daemon;
	void *client, *exchange;
	int fd;
	struct MHD_Response *response;
	union MHD_ConnectionInfo info;
};

struct fake_connection fake_connection;
static struct MHD_Connection the_connection = { .fd = -1 };
static struct MHD_Daemon daemons[FAKE_DAEMONS_MAX];
static size_t ndaemons;

static void must(bool condition)
{
	if (!condition)
		abort();
}

const char *fake_find(const struct fake_pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (strcasecmp(pairs->all[i].name, name) == 0)
			return pairs->all[i].value;
	return NULL;
}

/* ---- daemons ---- */

struct MHD_Daemon *MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback apc,
				    void *apc_data, MHD_AccessHandlerCallback handle, void *data,
				    ...)
{
	struct MHD_Daemon *daemon = &daemons[ndaemons];
	int option;
	va_list ap;

	(void)port;
	(void)apc;
	(void)apc_data;
	must(ndaemons < FAKE_DAEMONS_MAX && (flags & MHD_ALLOW_SUSPEND_RESUME));
	ndaemons++;
	daemon->handle = handle;
	daemon->handle_data = data;
	daemon->epoll = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); /* never ready */
	va_start(ap, data);
	while ((option = va_arg(ap, int)) != MHD_OPTION_END) {
		switch (option) {
		case MHD_OPTION_NOTIFY_COMPLETED:
			daemon->completed = va_arg(ap, MHD_RequestCompletedCallback);
			daemon->completed_data = va_arg(ap, void *);
			break;
		case MHD_OPTION_NOTIFY_CONNECTION:
			daemon->notify = va_arg(ap, MHD_NotifyConnectionCallback);
			daemon->notify_data = va_arg(ap, void *);
			break;
		case MHD_OPTION_CONNECTION_MEMORY_LIMIT:
			(void)va_arg(ap, size_t);
			break;
		default: /* CONNECTION_TIMEOUT, CONNECTION_LIMIT, SIGPIPE_HANDLED_BY_APP */
			(void)va_arg(ap, int);
		}
	}
	va_end(ap);
	return daemon;
}

void MHD_stop_daemon(struct MHD_Daemon *daemon)
{
	(void)daemon;
}

const union MHD_DaemonInfo *MHD_get_daemon_info(struct MHD_Daemon *daemon,
						enum MHD_DaemonInfoType type, ...)
{
	static union MHD_DaemonInfo info;

	must(type == MHD_DAEMON_INFO_EPOLL_FD);
	info.epoll_fd = daemon->epoll;
	return &info;
}

enum MHD_Result MHD_get_timeout(struct MHD_Daemon *daemon, MHD_UNSIGNED_LONG_LONG *timeout)
{
	(void)daemon;
	*timeout = 0;
	return MHD_NO;
}

enum MHD_Result MHD_add_connection(struct MHD_Daemon *daemon, MHD_socket fd,
				   const struct sockaddr *address, socklen_t len)
{
	(void)daemon;
	(void)fd;
	(void)address;
	(void)len;
	abort(); /* nobody connects */
}

/* ---- answers ---- */

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
						     enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = calloc(1, sizeof(*response));

	must(response && mode == MHD_RESPMEM_MUST_FREE);
	response->references = 1;
	buf_add(&response->body, buffer, size);
	free(buffer);
	return response;
}

struct MHD_Response *MHD_create_response_from_callback(uint64_t size, size_t block_size,
						       MHD_ContentReaderCallback read, void *data,
						       MHD_ContentReaderFreeCallback done)
{
	struct MHD_Response *response = calloc(1, sizeof(*response));

	must(response && size == MHD_SIZE_UNKNOWN && block_size > 0);
	response->references = 1;
	response->read = read;
	response->data = data;
	response->done = done;
	return response;
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *name,
					const char *value)
{
	struct buf *to = &response->headers[response->nheaders];

	/* libmicrohttpd refuses these itself, and the header would be missing */
	must(response->nheaders < FAKE_PAIRS_MAX && *name && !strpbrk(value, "\r\n"));
	response->nheaders++;
	buf_add(to, name, strlen(name) + 1);
	buf_addstr(to, value);
	return MHD_YES;
}

void MHD_destroy_response(struct MHD_Response *response)
{
	if (--response->references > 0)
		return;
	if (response->done)
		response->done(response->data);
	for (size_t i = 0; i < response->nheaders; i++)
		buf_done(&response->headers[i]);
	buf_done(&response->body);
	free(response);
}

/* Keeps a copy for those who look at it afterwards. */
static void keep_answer(const struct MHD_Response *response, unsigned status)
{
	fake_connection.status = status;
	buf_add(&fake_connection.body, buf_str(&response->body), response->body.len);
	fake_connection.nheaders = response->nheaders;
	for (size_t i = 0; i < response->nheaders; i++)
		buf_add(&fake_connection.headers[i], response->headers[i].data,
			response->headers[i].len);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
				   struct MHD_Response *response)
{
	must(!connection->response && !fake_connection.suspended && response);
	response->references++;
	connection->response = response;
	keep_answer(response, status);
	return MHD_YES;
}

const char *fake_answer_header(const char *name)
{
	for (size_t i = 0; i < fake_connection.nheaders; i++) {
		const char *header = buf_str(&fake_connection.headers[i]);

		if (strcasecmp(header, name) == 0)
			return header + strlen(header) + 1;
	}
	return NULL;
}

/* ---- the connection ---- */

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
					const char *name)
{
	const struct fake_request *request = fake_connection.request;

	must(connection == &the_connection && request);
	return fake_find(kind == MHD_HEADER_KIND ? &request->headers : &request->query, name);
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
							enum MHD_ConnectionInfoType type, ...)
{
	if (type == MHD_CONNECTION_INFO_CONNECTION_FD)
		connection->info.connect_fd = connection->fd;
	else
		connection->info.socket_context = connection->client;
	return &connection->info;
}

enum MHD_Result MHD_set_connection_option(struct MHD_Connection *connection,
					  enum MHD_CONNECTION_OPTION option, ...)
{
	(void)connection;
	must(option == MHD_CONNECTION_OPTION_TIMEOUT);
	return MHD_YES;
}

void MHD_suspend_connection(struct MHD_Connection *connection)
{
	must(connection == &the_connection && !fake_connection.suspended);
	fake_connection.suspended = true;
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
	must(connection == &the_connection && fake_connection.suspended);
	fake_connection.suspended = false;
}

static void finish(enum fake_state state)
{
	struct MHD_Connection *connection = &the_connection;
	struct MHD_Daemon *daemon = connection->daemon;

	daemon->completed(daemon->completed_data, connection, &connection->exchange,
			  state == FAKE_ANSWERED ? MHD_REQUEST_TERMINATED_COMPLETED_OK
						 : MHD_REQUEST_TERMINATED_WITH_ERROR);
	must(!connection->exchange);
	if (connection->response)
		MHD_destroy_response(connection->response);
	connection->response = NULL;
	daemon->notify(daemon->notify_data, connection, &connection->client,
		       MHD_CONNECTION_NOTIFY_CLOSED);
	must(!connection->client);
	fake_connection.request = NULL;
	fake_connection.suspended = false;
	fake_connection.state = state;
}

/* False: our handler wants the connection closed. */
static bool call(const char *data, size_t len)
{
	struct MHD_Connection *connection = &the_connection;
	const struct fake_request *request = fake_connection.request;
	size_t left = len;
	enum MHD_Result r = connection->daemon->handle(connection->daemon->handle_data, connection,
						       request->path, request->method, "HTTP/1.1",
						       data, &left, &connection->exchange);

	must(left == 0);
	fake_connection.steps++;
	return r == MHD_YES;
}

/* What there is of a stream: until it waits for more, or the client has gone. */
static void step_stream(void)
{
	struct MHD_Response *response = the_connection.response;
	char block[STREAM_BLOCK];

	while (!fake_connection.suspended) {
		ssize_t n = response->read(response->data, fake_connection.body.len, block,
					   sizeof(block));

		fake_connection.steps++;
		if (n < 0) {
			finish(n == MHD_CONTENT_READER_END_OF_STREAM ? FAKE_ANSWERED : FAKE_BROKEN);
			return;
		}
		/* 0 and not suspended would be asked again and again */
		must((size_t)n <= sizeof(block) && (n > 0) == !fake_connection.suspended);
		buf_add(&fake_connection.body, block, (size_t)n);
		must(fake_connection.body.len <= STREAM_MAX);
	}
}

static void answered(void)
{
	if (!the_connection.response)
		must(fake_connection.suspended);
	else if (the_connection.response->read)
		fake_connection.state = FAKE_STREAMS;
	else
		finish(FAKE_ANSWERED);
}

static void step_request(void)
{
	if (call(NULL, 0)) {
		answered();
		return;
	}
	must(fake_connection.hung_up);
	finish(FAKE_BROKEN);
}

enum MHD_Result MHD_run(struct MHD_Daemon *daemon)
{
	if (daemon != the_connection.daemon || fake_connection.suspended)
		return MHD_YES;
	if (fake_connection.state == FAKE_WAITS)
		step_request();
	if (fake_connection.state == FAKE_STREAMS && !fake_connection.suspended)
		step_stream();
	return MHD_YES;
}

static void reset(const struct fake_request *request)
{
	for (size_t i = 0; i < fake_connection.nheaders; i++)
		buf_done(&fake_connection.headers[i]);
	buf_done(&fake_connection.body);
	memset(&fake_connection, 0, sizeof(fake_connection));
	fake_connection.request = request;
}

/* The body in two pieces.  True: our handler goes on reading. */
static bool send_body(const struct fake_request *request)
{
	size_t half = request->nbody / 2;

	return (!half || call(request->body, half)) &&
	       (request->nbody == half || call(request->body + half, request->nbody - half));
}

void fake_begin(size_t index, const struct fake_request *request)
{
	struct MHD_Daemon *daemon = &daemons[index];

	must(index < ndaemons && !the_connection.exchange);
	reset(request);
	if (the_connection.fd < 0)
		the_connection.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	the_connection.daemon = daemon;
	daemon->notify(daemon->notify_data, &the_connection, &the_connection.client,
		       MHD_CONNECTION_NOTIFY_STARTED);
	fake_connection.state = FAKE_WAITS;
	must(call(NULL, 0)); /* the headers */
	if (the_connection.response)
		answered(); /* refused, and the body is not read */
	else if (!send_body(request))
		abort();
	else
		step_request();
}

void fake_hang_up(void)
{
	if (!fake_connection.suspended)
		return;
	fake_connection.hung_up = true;
	client_hung_up(the_connection.client, true);
}
