/* http_sockets.c - see http_sockets.h. */
#include "supervisor/http_sockets.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "config/config.h"
#include "ipc/control_messages.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKLOG SOMAXCONN
#define IN_USE                                                                                     \
	"Another program is already listening on a port that one of our HTTP servers is "          \
	"configured to use.  Shut this program down first before starting supervisord"

/* ---- who may come in ---- */

static bool is_loopback(const char *address)
{
	struct in6_addr six;
	struct in_addr four;

	if (!address)
		return false;
	if (inet_pton(AF_INET, address, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, address, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcmp(address, "localhost") == 0;
}

bool http_sockets_is_open(const struct config_http *config)
{
	return !config->local && (!config->username || !*config->username) &&
	       !is_loopback(config->address);
}

/* Where it listens; NULL: everywhere. */
static const char *bound_to(const struct config_http *config)
{
	if (!http_sockets_is_open(config))
		return config->address;
	return config->address && strchr(config->address, ':') ? "::1" : "127.0.0.1";
}

void http_sockets_warn(const struct config *config, int fd)
{
	for (size_t i = 0; i < config->nservers; i++) {
		const struct config_http *server = &config->servers[i];
		const char *address = server->address ? server->address : "*";
		struct error text = { { 0 } };

		if (!http_sockets_is_open(server))
			continue;
		error_set(&text,
			  "%s:%u: [inet_http_server] port = %s:%u without username and password "
			  "would let everybody on the network stop and start programs, so it "
			  "listens on %s only; set both, or write port = 127.0.0.1:%u",
			  server->where.file, server->where.line, address, server->port,
			  bound_to(server), server->port);
		if (fd >= 0)
			dprintf(fd, "Warning: %s\n", text.text);
		else
			log_critical("%s", text.text);
	}
}

/* ---- opening ---- */

static char *describe(const struct config_http *config)
{
	const char *host = bound_to(config);
	char *text = NULL;
	int n;

	if (config->local)
		n = asprintf(&text, "unix://%s", config->file);
	else if (host && strchr(host, ':'))
		n = asprintf(&text, "http://[%s]:%u", host, config->port);
	else
		n = asprintf(&text, "http://%s:%u", host ? host : "*", config->port);
	return n < 0 ? NULL : text;
}

static struct listen_unix unix_of(const struct config_http *config)
{
	return (struct listen_unix){
		.path = config->file,
		.owner = config->owner,
		.mode = config->mode,
		.backlog = BACKLOG,
	};
}

static int open_one(struct http_socket *socket, struct error *err)
{
	const struct config_http *config = socket->config;
	struct listen_unix where = unix_of(config);
	char port[16];

	socket->address = describe(config);
	if (!socket->address)
		return error_set(err, "out of memory");
	snprintf(port, sizeof(port), "%u", config->port);
	if (config->local)
		socket->fd = listen_unix(&where, &socket->mark, err);
	else
		socket->fd = listen_tcp(bound_to(config), port, BACKLOG, err);
	if (socket->fd >= 0)
		return fd_nonblock(socket->fd, 1);
	error_prefix(err, "%s:%u: [%s_http_server] cannot listen on %s", config->where.file,
		     config->where.line, config->local ? "unix" : "inet", socket->address);
	if (socket->fd == -EADDRINUSE)
		error_prefix(err, IN_USE);
	return -1;
}

int http_sockets_open(struct http_sockets *sockets, struct config *config, struct error *err)
{
	memset(sockets, 0, sizeof(*sockets));
	sockets->all = calloc(config->nservers + 1, sizeof(*sockets->all));
	if (!sockets->all)
		return error_set(err, "out of memory");
	sockets->base = config_ref(config);
	for (size_t i = 0; i < config->nservers; i++) {
		struct http_socket *socket = &sockets->all[sockets->n++];

		socket->config = &config->servers[i];
		socket->fd = -1;
		if (open_one(socket, err) < 0) {
			http_sockets_close(sockets);
			return -1;
		}
	}
	return 0;
}

static bool renew(struct http_socket *socket)
{
	struct listen_unix where = unix_of(socket->config);
	struct listen_mark mark = { 0 };
	struct error err = { { 0 } };
	int fd = listen_unix(&where, &mark, &err);

	if (fd < 0) {
		log_error("somebody has removed the file of %s, so forkserverctl cannot connect; "
			  "it cannot be bound anew: %s",
			  socket->address, err.text);
		return false;
	}
	log_warn("somebody has removed the file of %s, so forkserverctl could not connect; it is "
		 "bound anew, and the control process started anew",
		 socket->address);
	(void)fd_nonblock(fd, 1);
	listen_unlink(&socket->mark);
	fd_close(&socket->fd);
	socket->fd = fd;
	socket->mark = mark;
	return true;
}

bool http_sockets_renew(struct http_sockets *sockets)
{
	bool renewed = false;

	for (size_t i = 0; i < sockets->n; i++) {
		struct http_socket *socket = &sockets->all[i];

		if (socket->mark.path && !listen_is_there(&socket->mark, socket->mark.path))
			renewed = renew(socket) || renewed;
	}
	return renewed;
}

void http_sockets_close(struct http_sockets *sockets)
{
	for (size_t i = 0; i < sockets->n; i++) {
		listen_unlink(&sockets->all[i].mark);
		fd_close(&sockets->all[i].fd);
		free(sockets->all[i].address);
	}
	free(sockets->all);
	config_free(sockets->base);
	memset(sockets, 0, sizeof(*sockets));
}

void http_sockets_describe(const struct http_sockets *sockets, struct control_server *servers)
{
	for (size_t i = 0; i < sockets->n; i++)
		servers[i] = (struct control_server){
			.local = sockets->all[i].config->local,
			.address = sockets->all[i].address,
			.username = sockets->all[i].config->username,
			.password = sockets->all[i].config->password,
		};
}
