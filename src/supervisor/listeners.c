/* listeners.c - see listeners.h. */
#include "supervisor/listeners.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/user.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- tcp://HOST:PORT ---- */

/* Splits "HOST:PORT", "[V6]:PORT" or "*:PORT" in place. */
static int split_address(char *text, char **host, char **port, struct error *err)
{
	char *colon = strrchr(text, ':');

	if (!colon || !colon[1])
		return error_set(err, "no port; write tcp://HOST:PORT");
	*colon = '\0';
	*port = colon + 1;
	*host = text;
	if (text[0] == '[' && colon > text && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = text + 1;
	}
	return 0;
}

/* One attempt: a listening fd, or -errno. */
static int listen_on(const struct addrinfo *info, bool both, int backlog)
{
	int on = 1, off = 0;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		r = -errno;
	if (r == 0 && info->ai_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, both ? &off : &on, sizeof(on)) < 0)
		r = -errno;
	if (r == 0 && (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, backlog) < 0))
		r = -errno;
	if (r < 0)
		fd_close(&fd);
	return r < 0 ? r : fd;
}

/* "*" is every address: one socket for both families, or IPv4 where there is no IPv6. */
static int open_tcp(const struct config_socket *config, struct error *err)
{
	CLEANUP_FREE char *text = strdup(config->listen + strlen("tcp://"));
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	char *host = NULL, *port = NULL;
	bool any;
	int r = -EADDRNOTAVAIL;

	if (!text)
		return error_set(err, "out of memory");
	if (split_address(text, &host, &port, err) < 0)
		return -1;
	any = strcmp(host, "*") == 0 || *host == '\0';
	r = getaddrinfo(any ? "::" : host, port, &hints, &found);
	if (r != 0)
		return error_set(err, "%s", r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
	r = -EADDRNOTAVAIL;
	for (struct addrinfo *at = found; at && r < 0; at = at->ai_next)
		r = listen_on(at, any, (int)config->backlog);
	freeaddrinfo(found);
	if (any && (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL)) {
		if (getaddrinfo("0.0.0.0", port, &hints, &found) != 0)
			return error_set(err, "%s", strerror(-r));
		r = listen_on(found, false, (int)config->backlog);
		freeaddrinfo(found);
	}
	if (r < 0)
		return error_set(err, "%s%s", strerror(-r),
				 r == -EADDRINUSE ? "; another program listens there" : "");
	return r;
}

/* ---- unix://PATH ---- */

static int fill_path(struct sockaddr_un *address, const char *path, struct error *err)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path))
		return error_set(err, "the path is longer than %zu bytes",
				 sizeof(address->sun_path) - 1);
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 0;
}

/* A socket file that nobody listens on was left by a crash; anything else is not ours to remove. */
static int remove_stale(const struct sockaddr_un *address, struct error *err)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : error_set(err, "%s", strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, "there is a file in the way that is not a socket");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return error_set(err, "socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED)
		return error_set(err, "another program listens there");
	if (unlink(address->sun_path) < 0)
		return error_set(err, "cannot remove the stale socket: %s", strerror(errno));
	return 0;
}

/* Between bind and chmod nobody can connect: the file is born with mode 0. */
static int bind_path(int fd, const struct config_socket *config, const struct sockaddr_un *address,
		     struct error *err)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	mode_t before;
	int r;

	if (config->owner && user_find_owner(config->owner, &uid, &gid, err) < 0)
		return -1;
	before = umask(0777);
	r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	umask(before);
	if (r < 0)
		return error_set(err, "%s", strerror(-r));
	if (config->owner && lchown(address->sun_path, uid, gid) < 0)
		return error_set(err, "cannot give it to %s: %s", config->owner, strerror(errno));
	if (chmod(address->sun_path, (mode_t)config->mode) < 0)
		return error_set(err, "chmod: %s", strerror(errno));
	return 0;
}

static int open_unix(struct listener *listener, const struct config_socket *config,
		     struct error *err)
{
	const char *path = config->listen + strlen("unix://");
	CLEANUP_FD int fd = -1;
	struct sockaddr_un address;
	struct stat st;
	int ready;

	if (fill_path(&address, path, err) < 0 || remove_stale(&address, err) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, "socket: %s", strerror(errno));
	if (bind_path(fd, config, &address, err) < 0)
		return -1;
	if (listen(fd, (int)config->backlog) < 0 || lstat(path, &st) < 0)
		return error_set(err, "%s", strerror(errno));
	listener->path = strdup(path);
	if (!listener->path)
		return error_set(err, "out of memory");
	listener->dev = st.st_dev;
	listener->ino = st.st_ino;
	ready = fd;
	fd = -1;
	return ready;
}

/* ---- all of them ---- */

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
	struct stat st;

	if (listener->path && lstat(listener->path, &st) == 0 && st.st_dev == listener->dev &&
	    st.st_ino == listener->ino)
		unlink(listener->path);
	free(listener->path);
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
