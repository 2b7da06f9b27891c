/* fcgi.c - see fcgi.h. */
#include "supervisor/fcgi.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fcgi {
	struct fcgi *next;
	char *url; /* owned */
	int fd;    /* owned */
	struct listen_mark mark;
	unsigned holders;
};

static int open_tcp(const char *address, const struct config_fcgi *config, struct error *err)
{
	CLEANUP_FREE char *text = strdup(address);
	char *host, *port;

	if (!text) {
		error_set(err, "out of memory");
		return -ENOMEM;
	}
	if (listen_split(text, &host, &port, err) < 0)
		return -EINVAL;
	return listen_tcp(host, port, (int)config->backlog, err);
}

static int open_socket(struct fcgi *fcgi, const struct config_program *program, struct error *err)
{
	const struct config_fcgi *config = &program->fcgi;
	struct listen_unix where = { .owner = config->owner ? config->owner : program->user,
				     .mode = config->mode,
				     .backlog = (int)config->backlog };

	if (strncmp(config->socket, "tcp://", 6) == 0)
		return open_tcp(config->socket + 6, config, err);
	where.path = config->socket + strlen("unix://");
	return listen_unix(&where, &fcgi->mark, err);
}

static void fcgi_free(struct fcgi *fcgi)
{
	fd_close(&fcgi->fd);
	listen_unlink(&fcgi->mark);
	free(fcgi->url);
	free(fcgi);
}

struct fcgi *fcgi_acquire(struct fcgi **sockets, const struct config_program *program,
			  struct error *err)
{
	struct fcgi *fcgi = *sockets;

	while (fcgi && strcmp(fcgi->url, program->fcgi.socket) != 0)
		fcgi = fcgi->next;
	if (fcgi) {
		fcgi->holders++;
		return fcgi;
	}
	fcgi = calloc(1, sizeof(*fcgi));
	if (!fcgi || !(fcgi->url = strdup(program->fcgi.socket))) {
		free(fcgi);
		error_set(err, "out of memory");
		errno = ENOMEM;
		return NULL;
	}
	log_info("Creating socket %s", fcgi->url);
	fcgi->fd = open_socket(fcgi, program, err);
	if (fcgi->fd < 0) {
		int error = -fcgi->fd;

		error_prefix(err, "Could not create FastCGI socket %s", fcgi->url);
		fcgi->fd = -1;
		fcgi_free(fcgi);
		errno = error;
		return NULL;
	}
	fcgi->holders = 1;
	fcgi->next = *sockets;
	*sockets = fcgi;
	return fcgi;
}

void fcgi_release(struct fcgi **sockets, struct fcgi *fcgi)
{
	if (!fcgi || --fcgi->holders > 0)
		return;
	while (*sockets != fcgi)
		sockets = &(*sockets)->next;
	*sockets = fcgi->next;
	log_info("Closing socket %s", fcgi->url);
	fcgi_free(fcgi);
}

int fcgi_fd(const struct fcgi *fcgi)
{
	return fcgi->fd;
}
