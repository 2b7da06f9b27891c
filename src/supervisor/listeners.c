/* listeners.c - see listeners.h. */
#include "supervisor/listeners.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

static int open_tcp(const struct config_socket *config, struct error *err)
{
	CLEANUP_FREE char *text = strdup(config->listen + strlen("tcp://"));
	char *host = NULL, *port = NULL;

	if (!text)
		return error_set(err, "out of memory");
	if (listen_split(text, &host, &port, err) < 0)
		return -1;
	return listen_tcp(host, port, (int)config->backlog, err);
}

static int open_unix(struct listener *listener, const struct config_socket *config,
		     struct error *err)
{
	struct listen_unix where = {
		.path = config->listen + strlen("unix://"),
		.owner = config->owner,
		.mode = config->mode,
		.backlog = (int)config->backlog,
	};

	return listen_unix(&where, &listener->mark, err);
}

static int open_one(struct listener *listener, const struct config_socket *config,
		    struct error *err)
{
	listener->config = config;
	if (strncmp(config->listen, "tcp://", 6) == 0)
		listener->fd = open_tcp(config, err);
	else if (strncmp(config->listen, "unix://", 7) == 0)
		listener->fd = open_unix(listener, config, err);
	else
		error_set(err, "neither tcp:// nor unix://");
	if (listener->fd >= 0)
		return 0;
	return error_prefix(err, "%s:%u: [socket:%s] cannot listen on %s", config->where.file,
			    config->where.line, config->name, config->listen);
}

static void close_one(struct listener *listener)
{
	listen_unlink(&listener->mark);
	fd_close(&listener->fd);
	config_free(listener->base);
}

int listeners_add(struct listeners *listeners, struct config *base,
		  const struct config_socket *config, struct error *err)
{
	struct listener *all = realloc(listeners->all, (listeners->n + 1) * sizeof(*all));
	struct listener *listener;

	if (!all)
		return error_set(err, "out of memory");
	listeners->all = all;
	listener = &all[listeners->n];
	*listener = (struct listener){ .base = config_ref(base), .fd = -1 };
	if (open_one(listener, config, err) < 0) {
		close_one(listener);
		return -1;
	}
	listeners->n++;
	return 0;
}

int listeners_open(struct listeners *listeners, struct config *config, struct error *err)
{
	memset(listeners, 0, sizeof(*listeners));
	for (size_t i = 0; i < config->nsockets; i++) {
		if (listeners_add(listeners, config, &config->sockets[i], err) < 0) {
			listeners_close(listeners);
			return -1;
		}
	}
	return 0;
}

static struct listener *find(const struct listeners *listeners, const char *name)
{
	for (size_t i = 0; i < listeners->n; i++)
		if (strcmp(listeners->all[i].config->name, name) == 0)
			return &listeners->all[i];
	return NULL;
}

void listeners_remove(struct listeners *listeners, const char *name)
{
	struct listener *listener = find(listeners, name);

	if (!listener)
		return;
	close_one(listener);
	*listener = listeners->all[--listeners->n];
}

const struct config_socket *listeners_config(const struct listeners *listeners, const char *name)
{
	const struct listener *listener = find(listeners, name);

	return listener ? listener->config : NULL;
}

int listeners_find(const struct listeners *listeners, const char *name)
{
	const struct listener *listener = find(listeners, name);

	return listener ? listener->fd : -1;
}

void listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->n; i++)
		close_one(&listeners->all[i]);
	free(listeners->all);
	memset(listeners, 0, sizeof(*listeners));
}
