/* server.c - see server.h. */
#include "control/server.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "control/control.h"
#include "control/exchange.h"
#include "ipc/control_messages.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_AT_ONCE 64
#define FRESH_SECONDS 30 /* between two bytes of a first request */
#define KEPT_SECONDS                                                                               \
	604800           /* supervisorctl's prompt may wait over a weekend, and cannot reconnect */
#define PAUSE_SECONDS .5 /* without fds or memory */
#define MEMORY_LIMIT 32768 /* for a request's headers */

/* ---- lists of clients ---- */

static void list_add(struct client_list *list, struct client *client)
{
	client->list = list;
	client->next = NULL;
	client->prev = list->last;
	if (list->last)
		list->last->next = client;
	else
		list->first = client;
	list->last = client;
	list->n++;
}

static void list_remove(struct client *client)
{
	struct client_list *list = client->list;

	if (!list)
		return;
	if (client->prev)
		client->prev->next = client->next;
	else
		list->first = client->next;
	if (client->next)
		client->next->prev = client->prev;
	else
		list->last = client->prev;
	client->list = NULL;
	list->n--;
}

void client_busy(struct client *client)
{
	list_remove(client);
}

void client_idle(struct client *client)
{
	list_remove(client);
	client->known = true;
	list_add(&client->server->kept, client);
	hangup_watch(&client->server->control->hangup, client);
}

/* libmicrohttpd notices the end of the connection, and closes it. */
static bool evict(struct client_list *list)
{
	struct client *client = list->first;

	if (!client)
		return false;
	list_remove(client);
	(void)shutdown(client->fd, SHUT_RDWR);
	return true;
}

static bool make_room(struct server *server)
{
	if (server->fresh.n < server->max_clients / 2 && server->nclients < server->max_clients)
		return true;
	return evict(&server->fresh) || evict(&server->kept);
}

/* ---- libmicrohttpd's callbacks ---- */

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *server = data;
	struct client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (client) {
			hangup_forget(&server->control->hangup, client);
			if (server->leaving == client)
				server->leaving = NULL;
			list_remove(client);
			server->nclients--;
			free(client);
		}
		*context = NULL;
		return;
	}
	client = calloc(1, sizeof(*client));
	if (client) {
		client->server = server;
		client->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				     ->connect_fd;
		server->nclients++;
		list_add(&server->fresh, client);
		hangup_watch(&server->control->hangup, client);
	}
	*context = client;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *context;

	(void)data;
	*context = NULL;
	if (!exchange)
		return;
	if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK && exchange->client) {
		client_idle(exchange->client);
		(void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
						(unsigned)KEPT_SECONDS);
	}
	exchange_free(exchange);
}

/* ---- the loop's callbacks ---- */

void server_run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (!server->daemon)
		return;
	(void)MHD_run(server->daemon);
	ev_timer_stop(server->control->loop, &server->timer);
	if (MHD_get_timeout(server->daemon, &ms) == MHD_YES) {
		ev_timer_set(&server->timer, (double)ms / 1000., 0.);
		ev_timer_start(server->control->loop, &server->timer);
	}
}

/* A client may close its half of the connection and still read the answer, but not one that never
 * ends.  A client that is not there at all resets the connection when we probe it. */
void client_hung_up(struct client *client, bool gone)
{
	struct server *server = client->server;

	if (client->suspended) {
		if (gone || client->suspended->streams)
			exchange_hang_up(client->suspended);
		return;
	}
	if (!client->list) /* its answer is on the way; client_idle() looks again */
		return;
	server->leaving = client;
	server_run(server); /* what it has sent before may be a whole request */
	if (server->leaving && client->list)
		(void)shutdown(client->fd, SHUT_RDWR);
	server->leaving = NULL;
}

void server_kick(struct server *server)
{
	ev_timer_stop(server->control->loop, &server->timer);
	ev_timer_set(&server->timer, 0., 0.);
	ev_timer_start(server->control->loop, &server->timer);
}

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	server_run(container_of(io, struct server, io));
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	server_run(container_of(timer, struct server, timer));
}

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct server *server = container_of(timer, struct server, pause);

	(void)events;
	if (server->fd >= 0)
		ev_io_start(loop, &server->accept);
}

static void keep_alive(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				 sizeof(int));
}

/* 0, or -errno of accept(2). */
static int accept_one(struct server *server)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd = accept4(server->fd, (struct sockaddr *)&address, &len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!make_room(server)) {
		close(fd); /* every place is taken by a request that is being served */
		return 0;
	}
	if (!server->config->local)
		keep_alive(fd);
	/* closes it if it fails */
	(void)MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, len);
	return 0;
}

static void on_accept(struct ev_loop *loop, ev_io *io, int events)
{
	struct server *server = container_of(io, struct server, accept);
	int r = 0;

	(void)events;
	for (int i = 0; i < ACCEPTS_AT_ONCE && r != -EAGAIN; i++) {
		r = accept_one(server);
		if (r != -EMFILE && r != -ENFILE && r != -ENOMEM && r != -ENOBUFS)
			continue;
		log_warn("%s: cannot accept a connection: %s", server->config->address,
			 strerror(-r));
		(void)(evict(&server->fresh) || evict(&server->kept));
		ev_io_stop(loop, io);
		ev_timer_set(&server->pause, PAUSE_SECONDS, 0.);
		ev_timer_start(loop, &server->pause);
		break;
	}
	server_run(server);
}

/* ---- beginning and end ---- */

static int make_token(struct server *server)
{
	unsigned char bytes[SERVER_TOKEN_LENGTH / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(server->token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static struct MHD_Daemon *start_daemon(struct server *server)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
	/* evicted clients take a moment to go */
	unsigned limit = (unsigned)server->max_clients + ACCEPTS_AT_ONCE;

	return MHD_start_daemon(
		flags, 0, NULL, NULL, exchange_handle, server, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)FRESH_SECONDS, MHD_OPTION_CONNECTION_LIMIT,
		limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_LIMIT,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

int server_init(struct server *server, struct control *control, const struct control_server *config,
		int fd, size_t max_clients)
{
	const union MHD_DaemonInfo *info;

	memset(server, 0, sizeof(*server));
	server->control = control;
	server->config = config;
	server->fd = fd;
	server->max_clients = max_clients;
	ev_init(&server->timer, on_timer);
	ev_init(&server->pause, on_pause_over);
	ev_init(&server->io, on_io);
	ev_io_init(&server->accept, on_accept, fd, EV_READ);
	if (make_token(server) < 0)
		return -EIO;
	server->daemon = start_daemon(server);
	if (!server->daemon)
		return -ENOMEM;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info || fd_nonblock(fd, 1) < 0)
		return -EINVAL;
	ev_io_set(&server->io, info->epoll_fd, EV_READ);
	ev_io_start(control->loop, &server->io);
	ev_io_start(control->loop, &server->accept);
	return 0;
}

void server_quiet(struct server *server)
{
	ev_io_stop(server->control->loop, &server->accept);
	ev_timer_stop(server->control->loop, &server->pause);
	fd_close(&server->fd);
}

void server_done(struct server *server)
{
	if (!server->control)
		return;
	server_quiet(server);
	ev_io_stop(server->control->loop, &server->io);
	ev_timer_stop(server->control->loop, &server->timer);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}
