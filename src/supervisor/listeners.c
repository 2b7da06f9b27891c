/* listeners.c - see listeners.h. */
#include "supervisor/listeners.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "config/config_compare.h"
#include "supervisor/activation.h"
#include "supervisor/fdstore.h"
#include "supervisor/listen_match.h"
#include "supervisor/socket_options.h"
#include "supervisor/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- opening ---- */

static int backlog_of(const struct config_socket *config)
{
	return config->backlog ? config->backlog : SOMAXCONN;
}

static bool is_of_datagrams(const struct config_socket *config)
{
	return strncmp(config->listen, "udp://", 6) == 0;
}

static int open_inet(const struct config_socket *config, struct error *err)
{
	CLEANUP_FREE char *text = strdup(config->listen + strlen("tcp://"));
	char *host = NULL, *port = NULL;
	struct listen_inet where = {
		.datagrams = is_of_datagrams(config),
		.dual = !config->v6only,
		.reuseport = config->reuseport,
		.backlog = backlog_of(config),
	};

	if (!text)
		return error_set(err, "out of memory");
	if (listen_split(text, &host, &port, err) < 0)
		return -1;
	where.host = host;
	where.port = port;
	return listen_inet(&where, err);
}

static struct listen_unix unix_of(const struct config_socket *config)
{
	return (struct listen_unix){
		.path = config->listen + strlen("unix://"),
		.owner = config->owner,
		.mode = config->mode,
		.backlog = backlog_of(config),
	};
}

static bool has_file(const struct config_socket *config)
{
	return strncmp(config->listen, "unix:///", 8) == 0;
}

static int open_systemd(const struct listeners *listeners, const struct config_socket *config,
			struct error *err)
{
	int fd = activation_open(listeners->activation, config->listen + strlen("systemd:"), err);

	if (fd < 0 || !config->backlog || listen(fd, config->backlog) == 0)
		return fd;
	error_set(err, "backlog: listen: %s", strerror(errno));
	fd_close(&fd);
	return -1;
}

/* The one in the store that is bound to what the section says; NULL: none is. */
static struct fdstore_entry *find_stored(const struct listeners *listeners,
					 const struct config_socket *config)
{
	for (size_t i = 0; listeners->store && i < listeners->store->n; i++)
		if (listen_match(&listeners->store->all[i], config))
			return &listeners->store->all[i];
	return NULL;
}

/* What can be changed of it may be another supervisor's configuration. */
static int open_stored(struct listener *listener, struct fdstore_entry *entry, struct error *err)
{
	const struct config_socket *config = listener->config;
	struct listen_unix where = unix_of(config);
	struct config_socket was;

	listener->fd = fdstore_use(entry);
	if (has_file(config)) {
		listener->mark =
			(struct listen_mark){ strdup(where.path), entry->dev, entry->file };
		if (!listener->mark.path)
			return error_set(err, "out of memory");
		if (listen_unix_change(&where, &listener->mark, err) < 0)
			return -1;
	}
	if (!is_of_datagrams(config) && listen(listener->fd, backlog_of(config)) < 0)
		return error_set(err, "backlog: listen: %s", strerror(errno));
	socket_options_read(listener->fd, &was);
	if (socket_options_apply(listener->fd, &was, config, err) < 0)
		return -1;
	log_info("socket '%s': %s comes from systemd's store, with what waits in its queue",
		 config->name, config->listen);
	return 0;
}

static int open_socket(const struct listeners *listeners, struct listener *listener,
		       struct error *err)
{
	const struct config_socket *config = listener->config;
	struct listen_unix where = unix_of(config);
	struct fdstore_entry *stored = find_stored(listeners, config);

	if (stored)
		return open_stored(listener, stored, err);
	if (strncmp(config->listen, "systemd:", 8) == 0)
		listener->fd = open_systemd(listeners, config, err);
	else if (has_file(config))
		listener->fd = listen_unix(&where, &listener->mark, err);
	else if (strncmp(config->listen, "unix://@", 8) == 0)
		listener->fd = listen_abstract(where.path + 1, where.backlog, err);
	else
		listener->fd = open_inet(config, err);
	if (listener->fd < 0)
		return -1;
	return socket_options_apply(listener->fd, NULL, config, err);
}

static int explain(const struct config_socket *config, const char *what, struct error *err)
{
	return error_prefix(err, "%s:%u: [socket:%s] %s %s", config->where.file, config->where.line,
			    config->name, what, config->listen);
}

/* ---- changing ---- */

/* What `was` says and the config does not any more.  0, or -1 with err. */
static int apply(struct listener *listener, const struct config_socket *was, struct error *err)
{
	const struct config_socket *config = listener->config;
	struct listen_unix where = unix_of(config);
	bool same_owner = was->owner && config->owner ? strcmp(was->owner, config->owner) == 0
						      : was->owner == config->owner;

	if (was->backlog != config->backlog && listen(listener->fd, backlog_of(config)) < 0)
		return error_set(err, "backlog: listen: %s", strerror(errno));
	if (has_file(config) && (was->mode != config->mode || !same_owner) &&
	    listen_unix_change(&where, &listener->mark, err) < 0)
		return -1;
	return socket_options_apply(listener->fd, was, config, err);
}

static void adopt(struct listener *listener, struct config *base,
		  const struct config_socket *config)
{
	struct config *before = listener->base;

	listener->base = config_ref(base);
	listener->config = config;
	config_free(before);
}

/* The other becomes this one as well: a copy of its fd; it is this one who removes the file. */
static int share(struct listener *listener, struct listener *other, struct error *err)
{
	listener->fd = fcntl(other->fd, F_DUPFD_CLOEXEC, 3);
	if (listener->fd < 0)
		return error_set(err, "fcntl(F_DUPFD): %s", strerror(errno));
	listener->mark = other->mark;
	other->mark.path = NULL;
	if (apply(listener, other->config, err) == 0)
		return 0;
	other->mark.path = listener->mark.path;
	listener->mark.path = NULL;
	return -1;
}

static struct listener *find(const struct listeners *listeners, const char *name)
{
	for (size_t i = 0; i < listeners->n; i++)
		if (!listeners->all[i].retired && strcmp(listeners->all[i].config->name, name) == 0)
			return &listeners->all[i];
	return NULL;
}

/* Nobody can connect any more: its file was removed, or exchanged for another one. */
static bool is_lost(const struct listener *listener)
{
	return listener->mark.ino && has_file(listener->config) &&
	       !listen_is_there(&listener->mark, unix_of(listener->config).path);
}

/* One that is bound to what the configuration says, under whatever name; the file's owner first. */
static struct listener *find_bound(const struct listeners *listeners,
				   const struct config_socket *config)
{
	struct listener *found = NULL;

	for (size_t i = 0; i < listeners->n; i++) {
		struct listener *listener = &listeners->all[i];

		if (config_socket_compare(listener->config, config) == CHANGE_RESTART ||
		    is_lost(listener))
			continue;
		if (!found || listener->mark.path)
			found = listener;
	}
	return found;
}

static void close_one(struct listener *listener)
{
	listen_unlink(&listener->mark);
	fd_close(&listener->fd);
	config_free(listener->base);
}

/* Gives a name a socket, what is bound already not being bound again; the one that it had retires.
 */
static int add(struct listeners *listeners, struct config *base, const struct config_socket *config,
	       struct error *err)
{
	struct listener *all = reallocarray(listeners->all, listeners->n + 1, sizeof(*all));
	struct listener made = { .config = config, .fd = -1 }, *before, *bound;
	int r;

	if (!all)
		return error_set(err, "out of memory");
	listeners->all = all;
	made.base = config_ref(base);
	bound = find_bound(listeners, config);
	r = bound ? share(&made, bound, err) : open_socket(listeners, &made, err);
	if (r < 0) {
		close_one(&made);
		return -1;
	}
	made.born = ++listeners->generation;
	before = find(listeners, config->name);
	if (before)
		before->retired = made.born;
	all[listeners->n++] = made;
	listeners->unsaid = true;
	return 0;
}

int listeners_need(struct listeners *listeners, struct config *base,
		   const struct config_socket *config, struct error *err)
{
	const struct listener *before = find(listeners, config->name);

	if (before && config_socket_compare(before->config, config) != CHANGE_RESTART)
		return 0;
	return add(listeners, base, config, err) < 0 ? explain(config, "cannot listen on", err) : 0;
}

void listeners_renew(struct listeners *listeners)
{
	size_t n = listeners->n;

	for (size_t i = 0; i < n; i++) {
		const struct config_socket *config = listeners->all[i].config;
		struct error err = { { 0 } };

		if (listeners->all[i].retired || !is_lost(&listeners->all[i]))
			continue;
		if (add(listeners, listeners->all[i].base, config, &err) == 0)
			log_warn("socket '%s': somebody has removed the file of %s, so nobody "
				 "could connect; it is bound anew",
				 config->name, config->listen);
		else
			log_error("socket '%s': somebody has removed the file of %s, so nobody can "
				  "connect; it cannot be bound anew: %s",
				  config->name, config->listen, err.text);
	}
}

int listeners_change(struct listeners *listeners, struct config *base,
		     const struct config_socket *config, bool *ret_changed, struct error *err)
{
	struct listener *listener = find(listeners, config->name);
	const struct config_socket *was;
	enum config_change change;

	*ret_changed = false;
	if (!listener)
		return 0;
	was = listener->config;
	change = config_socket_compare(was, config);
	if (change == CHANGE_RESTART)
		return 0;
	if (change == CHANGE_LIVE) {
		listener->config = config;
		if (apply(listener, was, err) < 0) {
			listener->config = was;
			return explain(config, "cannot change", err);
		}
		*ret_changed = true;
	}
	listener->config = was;
	adopt(listener, base, config);
	return 0;
}

/* ---- all of them ---- */

static bool is_wanted(const struct config *config, const struct config_socket *bound)
{
	for (size_t i = 0; i < config->nsockets; i++)
		if (config_socket_compare(bound, &config->sockets[i]) != CHANGE_RESTART)
			return true;
	return false;
}

/* The file of a unix socket, as its supervisor would have at its end. */
static void unlink_stored(const struct fdstore_entry *entry)
{
	struct sockaddr_un bound = { 0 };
	socklen_t len = sizeof(bound);
	struct listen_mark mark = { .dev = entry->dev, .ino = entry->file };

	if (!entry->file || getsockname(entry->fd, (struct sockaddr *)&bound, &len) < 0 ||
	    bound.sun_family != AF_UNIX || bound.sun_path[0] != '/')
		return;
	mark.path = strndup(bound.sun_path, sizeof(bound.sun_path));
	listen_unlink(&mark);
}

/* Before anything is bound: what nobody wants may be what stands in the way of that. */
static void drop_stored(const struct listeners *listeners, const struct config *config)
{
	struct fdstore *store = listeners->store;
	bool dropped = false;

	for (size_t i = store ? store->n : 0; i > 0; i--) {
		struct fdstore_entry *entry = &store->all[i - 1];
		bool wanted = entry->fd < 0;

		for (size_t j = 0; j < config->nsockets && !wanted; j++)
			wanted = listen_match(entry, &config->sockets[j]);
		if (wanted)
			continue;
		log_info("%s, from systemd's store, is not what the configuration says: closed",
			 entry->name);
		unlink_stored(entry);
		dropped = fdstore_drop(store, i - 1) == 0 || dropped;
	}
	if (dropped && store->systemd && systemd_barrier(store->systemd) < 0)
		log_warn("systemd does not say that it has closed sockets that nobody needs any "
			 "more: their addresses may still be in use");
}

int listeners_open(struct listeners *listeners, struct config *config, struct error *err)
{
	bool changed;

	listeners_renew(listeners);
	drop_stored(listeners, config);
	for (size_t i = listeners->n; i > 0; i--)
		if (!is_wanted(config, listeners->all[i - 1].config))
			listeners_remove(listeners, i - 1);
	for (size_t i = 0; i < config->nsockets; i++)
		if (listeners_need(listeners, config, &config->sockets[i], err) < 0 ||
		    listeners_change(listeners, config, &config->sockets[i], &changed, err) < 0)
			return -1;
	for (size_t i = listeners->n; i > 0; i--) {
		const struct listener *listener = &listeners->all[i - 1];

		if (listener->retired || !config_find_socket(config, listener->config->name))
			listeners_remove(listeners, i - 1);
	}
	return 0;
}

void listeners_remove(struct listeners *listeners, size_t i)
{
	close_one(&listeners->all[i]);
	listeners->all[i] = listeners->all[--listeners->n];
	listeners->unsaid = true;
}

bool listener_was_given(const struct listener *listener, unsigned generation)
{
	return generation >= listener->born &&
	       (!listener->retired || generation < listener->retired);
}

bool listeners_gave_lost(const struct listeners *listeners, const char *name, unsigned generation)
{
	for (size_t i = 0; i < listeners->n; i++) {
		const struct listener *listener = &listeners->all[i];

		if (strcmp(listener->config->name, name) == 0 &&
		    listener_was_given(listener, generation))
			return listener->retired && is_lost(listener);
	}
	return false;
}

int listeners_find(const struct listeners *listeners, const char *name)
{
	const struct listener *listener = find(listeners, name);

	return listener ? listener->fd : -1;
}

/* systemd has its own sockets anyway. */
static bool is_stored(const struct listener *listener, bool files)
{
	return !listener->retired && strncmp(listener->config->listen, "systemd:", 8) != 0 &&
	       (files || !listener->mark.path);
}

static int sweep_store(struct listeners *listeners, bool files)
{
	fdstore_begin(listeners->store);
	for (size_t i = 0; i < listeners->n; i++)
		if (is_stored(&listeners->all[i], files))
			fdstore_want(listeners->store, listeners->all[i].fd);
	return fdstore_sweep(listeners->store);
}

int listeners_store(struct listeners *listeners)
{
	int r;

	if (!listeners->store || !listeners->unsaid)
		return 0;
	r = sweep_store(listeners, true);
	for (size_t i = 0; i < listeners->n && r == 0; i++) {
		const struct listener *listener = &listeners->all[i];

		if (is_stored(listener, true))
			r = fdstore_add(listeners->store, listener->fd, listener->config->name,
					&listener->mark);
	}
	listeners->unsaid = r == -EAGAIN;
	return r;
}

/* A unix socket whose file is gone is of no use to anybody. */
void listeners_close(struct listeners *listeners)
{
	if (listeners->store)
		(void)sweep_store(listeners, false);
	for (size_t i = 0; i < listeners->n; i++)
		close_one(&listeners->all[i]);
	free(listeners->all);
	listeners->all = NULL;
	listeners->n = 0;
}
