/* probe.c - see probe.h. */
#include "supervisor/probe.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A page is read to its end, so that the server does not see a broken connection; but a download
 * is not. */
#define DRAIN_MAX 65536
#define STATUS_LEN 13 /* "HTTP/1.1 200 " */

bool probe_is_active(const struct probe *probe)
{
	return probe->fd >= 0;
}

void probe_done(struct probe *probe)
{
	if (!probe->loop)
		return;
	ev_io_stop(probe->loop, &probe->io);
	ev_timer_stop(probe->loop, &probe->deadline);
	fd_close(&probe->fd);
}

static void finish(struct probe *probe, const char *failure)
{
	probe_done(probe);
	probe->done(probe, failure);
}

static void fail(struct probe *probe, const char *what, int error)
{
	snprintf(probe->failure, sizeof(probe->failure), "%s: %s", what, strerror(error));
	finish(probe, probe->failure);
}

static void watch(struct probe *probe, int events)
{
	ev_io_stop(probe->loop, &probe->io);
	ev_io_set(&probe->io, probe->fd, events);
	ev_io_start(probe->loop, &probe->io);
}

/* ---- the reply ---- */

int probe_http_status(const char *reply, size_t len)
{
	static const char form[] = "HTTP/d.d ddd ";
	int status;

	for (size_t i = 0; i < len && i < STATUS_LEN; i++) {
		char c = reply[i];

		if (i == STATUS_LEN - 1 ? !isspace((unsigned char)c) /* or the end of the line */
		    : form[i] == 'd'    ? !isdigit((unsigned char)c)
					: c != form[i])
			return -1;
	}
	if (len < STATUS_LEN)
		return 0;
	status = (reply[9] - '0') * 100 + (reply[10] - '0') * 10 + (reply[11] - '0');
	return status >= 100 ? status : -1;
}

static int status_so_far(const struct probe *probe)
{
	return probe_http_status(probe->reply, probe->got < sizeof(probe->reply)
						       ? probe->got
						       : sizeof(probe->reply));
}

/* What has come so far is all that there will be. */
static void judge(struct probe *probe)
{
	int status = status_so_far(probe);

	if (status >= 200 && status < 400) {
		finish(probe, NULL);
		return;
	}
	if (status > 0)
		snprintf(probe->failure, sizeof(probe->failure), "it answered with status %d",
			 status);
	else if (status < 0)
		snprintf(probe->failure, sizeof(probe->failure), "its answer is not HTTP");
	else
		snprintf(probe->failure, sizeof(probe->failure),
			 "it closed the connection without an answer");
	finish(probe, probe->failure);
}

static void receive(struct probe *probe)
{
	char data[4096];
	ssize_t n = recv(probe->fd, data, sizeof(data), 0);
	size_t room;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		if (n < 0 && !probe->got)
			fail(probe, "recv", errno);
		else
			judge(probe);
		return;
	}
	room = probe->got < sizeof(probe->reply) ? sizeof(probe->reply) - probe->got : 0;
	if (room)
		memcpy(probe->reply + probe->got, data, room < (size_t)n ? room : (size_t)n);
	probe->got += (size_t)n;
	if (probe->got >= DRAIN_MAX || status_so_far(probe) < 0)
		judge(probe);
}

/* ---- the request ---- */

static void send_rest(struct probe *probe)
{
	ssize_t n = send(probe->fd, probe->request + probe->sent, probe->len - probe->sent,
			 MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		fail(probe, "send", errno);
		return;
	}
	probe->sent += n > 0 ? (size_t)n : 0;
	if (probe->sent == probe->len)
		watch(probe, EV_READ);
}

/* Where nobody listens on a port of the range from which a client's own are taken, the kernel may
 * choose the very same one: a socket can be connected with itself. */
static bool is_own_echo(int fd)
{
	struct sockaddr_storage here, there;
	socklen_t size = sizeof(here);

	memset(&here, 0, sizeof(here));
	memset(&there, 0, sizeof(there));
	if (getsockname(fd, (struct sockaddr *)&here, &size) < 0)
		return false;
	size = sizeof(there);
	return getpeername(fd, (struct sockaddr *)&there, &size) == 0 &&
	       memcmp(&here, &there, sizeof(here)) == 0;
}

static void connected(struct probe *probe)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (!error && is_own_echo(probe->fd))
		error = ECONNREFUSED;
	if (error) {
		fail(probe, "connect", error);
		return;
	}
	probe->connected = true;
	if (probe->len)
		send_rest(probe);
	else
		finish(probe, NULL);
}

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
	struct probe *probe = container_of(io, struct probe, io);

	(void)loop;
	if (!probe->connected)
		connected(probe);
	else if (events & EV_WRITE)
		send_rest(probe);
	else
		receive(probe);
}

/* A connection that could not even be begun waits for this, too, with its failure set. */
static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct probe *probe = container_of(timer, struct probe, deadline);

	(void)loop;
	(void)events;
	if (probe->failure[0]) {
		finish(probe, probe->failure);
	} else if (probe->got >= STATUS_LEN) {
		judge(probe); /* what it goes on sending does not matter */
	} else {
		snprintf(probe->failure, sizeof(probe->failure), "no %s within %u s",
			 probe->connected ? "answer" : "connection", probe->timeout);
		finish(probe, probe->failure);
	}
}

void probe_init(struct probe *probe, struct ev_loop *loop)
{
	probe->loop = loop;
	probe->fd = -1;
	ev_init(&probe->io, on_io);
	ev_init(&probe->deadline, on_deadline);
}

/* ---- the beginning ---- */

static void write_request(struct probe *probe, const struct config_probe *what)
{
	bool v6 = strchr(what->host, ':') != NULL;
	int n;

	if (what->kind != PROBE_HTTP)
		return;
	n = snprintf(probe->request, sizeof(probe->request),
		     "GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\nUser-Agent: forkserver\r\n"
		     "Accept: */*\r\nConnection: close\r\n\r\n",
		     what->target, v6 ? "[" : "", what->host, v6 ? "]" : "", what->port);
	probe->len = n > 0 && (size_t)n < sizeof(probe->request) ? (size_t)n : 0;
}

static int begin_connection(int fd, const struct config_probe *what)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(what->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(what->port) };
	int r;

	if (inet_pton(AF_INET, what->host, &v4.sin_addr) == 1)
		r = connect(fd, (struct sockaddr *)&v4, sizeof(v4));
	else if (inet_pton(AF_INET6, what->host, &v6.sin6_addr) == 1)
		r = connect(fd, (struct sockaddr *)&v6, sizeof(v6));
	else
		return -EINVAL;
	return r < 0 ? -errno : 0;
}

/* Whether what is missing is ours. */
static bool is_ours(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
	       error == EADDRNOTAVAIL /* no port is free */ || error == EAFNOSUPPORT;
}

int probe_start(struct probe *probe, const struct config_probe *what, unsigned timeout,
		struct error *err)
{
	int family = strchr(what->host, ':') ? AF_INET6 : AF_INET, r;

	probe_done(probe);
	probe->connected = false;
	probe->len = probe->sent = probe->got = 0;
	probe->failure[0] = '\0';
	probe->timeout = timeout;
	probe->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = probe->fd < 0 ? -errno : begin_connection(probe->fd, what);
	if (r < 0 && r != -EINPROGRESS && (probe->fd < 0 || is_ours(-r))) {
		fd_close(&probe->fd);
		error_set(err, "%s", strerror(-r));
		return r;
	}
	if (r < 0 && r != -EINPROGRESS) {
		snprintf(probe->failure, sizeof(probe->failure), "connect: %s", strerror(-r));
	} else {
		write_request(probe, what);
		watch(probe, EV_WRITE);
	}
	ev_now_update(probe->loop);
	ev_timer_set(&probe->deadline, probe->failure[0] ? 0. : timeout, 0.);
	ev_timer_start(probe->loop, &probe->deadline);
	return 0;
}
