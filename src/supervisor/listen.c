/* listen.c - see listen.h. */
#include "supervisor/listen.h"

#include "base/error.h"
#include "base/fd.h"
#include "supervisor/user.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- TCP ---- */

int listen_split(char *text, char **host, char **port, struct error *err)
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
int listen_tcp(const char *host, const char *port, int backlog, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	bool any = !host || strcmp(host, "*") == 0 || *host == '\0';
	struct addrinfo *found = NULL;
	int r = getaddrinfo(any ? "::" : host, port, &hints, &found);

	if (r != 0) {
		int error = r == EAI_SYSTEM ? errno : EADDRNOTAVAIL;

		error_set(err, "%s", r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
		return -error;
	}
	r = -EADDRNOTAVAIL;
	for (struct addrinfo *at = found; at && r < 0; at = at->ai_next)
		r = listen_on(at, any, backlog);
	freeaddrinfo(found);
	if (any && (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL) &&
	    getaddrinfo("0.0.0.0", port, &hints, &found) == 0) {
		r = listen_on(found, false, backlog);
		freeaddrinfo(found);
	}
	if (r < 0)
		error_set(err, "%s%s", strerror(-r),
			  r == -EADDRINUSE ? "; another program listens there" : "");
	return r;
}

/* ---- unix sockets ---- */

static int fill_path(struct sockaddr_un *address, const char *path, struct error *err)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path)) {
		error_set(err, "the path is longer than %zu bytes", sizeof(address->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 0;
}

static int failed(struct error *err, const char *what)
{
	int r = -errno;

	error_set(err, "%s%s", what, strerror(-r));
	return r;
}

/* A socket file that nobody listens on was left by a crash; anything else is not ours to remove. */
static int remove_stale(const struct sockaddr_un *address, struct error *err)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : failed(err, "");
	if (!S_ISSOCK(st.st_mode)) {
		error_set(err, "there is a file in the way that is not a socket");
		return -EEXIST;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return failed(err, "socket: ");
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED) {
		error_set(err, "another program listens there");
		return -EADDRINUSE;
	}
	return unlink(address->sun_path) < 0 ? failed(err, "cannot remove the stale socket: ") : 0;
}

/* Gives the new file its owner and mode, by an fd: the name may be exchanged meanwhile by whoever
 * may write into the directory, but then it is not a socket of ours with mode 0. */
static int open_up(const struct listen_unix *where, struct listen_mark *mark, struct error *err)
{
	CLEANUP_FD int fd = open(where->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	char path[64];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(err, "");
	if (!S_ISSOCK(st.st_mode) || st.st_mode & 0777 || st.st_uid != geteuid()) {
		error_set(err, "somebody has exchanged the new socket for another file");
		return -EPERM;
	}
	mark->dev = st.st_dev;
	mark->ino = st.st_ino;
	if (where->owner && user_find_owner(where->owner, &uid, &gid, err) < 0)
		return -EINVAL;
	if (where->owner && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0) {
		int r = -errno;

		error_set(err, "cannot give it to %s: %s", where->owner, strerror(-r));
		return r;
	}
	/* fchmod(2) does not take an O_PATH fd */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, (mode_t)where->mode) < 0 ? failed(err, "chmod: ") : 0;
}

/* Between bind and chmod nobody can connect: the file is born with mode 0. */
static int bind_path(int fd, const struct sockaddr_un *address, struct error *err)
{
	mode_t before = umask(0777);
	int r = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	int error = errno;

	umask(before);
	errno = error;
	return r < 0 ? failed(err, "") : 0;
}

int listen_unix(const struct listen_unix *where, struct listen_mark *mark, struct error *err)
{
	CLEANUP_FD int fd = -1;
	struct sockaddr_un address;
	int r, ready;

	r = fill_path(&address, where->path, err);
	if (r == 0)
		r = remove_stale(&address, err);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed(err, "socket: ");
	r = bind_path(fd, &address, err);
	if (r < 0)
		return r;
	mark->path = strdup(where->path);
	if (!mark->path)
		error_set(err, "out of memory");
	r = mark->path ? open_up(where, mark, err) : -ENOMEM;
	if (r == 0 && listen(fd, where->backlog) < 0)
		r = failed(err, "listen: ");
	if (r < 0) {
		listen_unlink(mark);
		return r;
	}
	ready = fd;
	fd = -1;
	return ready;
}

void listen_unlink(struct listen_mark *mark)
{
	struct stat st;

	if (mark->path && lstat(mark->path, &st) == 0 && st.st_dev == mark->dev &&
	    st.st_ino == mark->ino)
		unlink(mark->path);
	free(mark->path);
	memset(mark, 0, sizeof(*mark));
}
