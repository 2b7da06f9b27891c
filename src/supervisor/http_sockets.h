/* http_sockets.h - the sockets of [unix_http_server] and [inet_http_server]: bound here, served by
 * the control process.
 * Runs in: supervisor.  Accepts nothing and reads nothing from them. */
#ifndef SUPERVISOR_HTTP_SOCKETS_H
#define SUPERVISOR_HTTP_SOCKETS_H

#include "supervisor/listen.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct config_http;
struct control_server;
struct error;

struct http_socket {
	const struct config_http *config; /* borrowed from base */
	int fd;                           /* owned; listening, CLOEXEC */
	char *address;                    /* owned; "unix:///run/x.sock" or "http://host:port" */
	struct listen_mark mark;          /* of a unix socket */
};

/* Embedded; zeroed is empty. */
struct http_sockets {
	struct config *base;     /* one reference */
	struct http_socket *all; /* owned */
	size_t n;
};

/* Binds all of them or none.  0, or -1 with err: in supervisord's words if somebody else listens
 * there. */
int http_sockets_open(struct http_sockets *sockets, struct config *config, struct error *err);
void http_sockets_close(struct http_sockets *sockets); /* removes the unix sockets, too */

/* Binds anew those whose file somebody has removed or exchanged; what goes wrong is logged, and
 * changes nothing.  Whether there was one: then the control process has to be told again. */
bool http_sockets_renew(struct http_sockets *sockets);

/* What the control process is to be told; the texts are borrowed. */
void http_sockets_describe(const struct http_sockets *sockets, struct control_server *servers);

/* Whether a server would let anybody from outside in without a password: then it listens on this
 * machine's own address only. */
bool http_sockets_is_open(const struct config_http *config);

/* A warning for each such server of a configuration: to the log, or, with fd >= 0, to that. */
void http_sockets_warn(const struct config *config, int fd);

#endif
