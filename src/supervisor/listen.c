/* listen.c - see listen.h. */
#include "supervisor/listen.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "supervisor/holder.h"
#include "supervisor/user.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- TCP and UDP ---- */

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

/* Whoever has the address goes into err. */
static int in_use(const struct sockaddr *address, bool stream, struct error *err)
{
	struct buf holder = { 0 };

	holder_describe("/proc", address, stream, &holder);
	error_set(err, "%s; it is held by %s", strerror(EADDRINUSE), buf_str(&holder));
	buf_done(&holder);
	return -EADDRINUSE;
}

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* What must be said before bind(2).  SO_REUSEADDR would let a second socket of UDP take the same
 * port without a word. */
static int prepare(int fd, const struct addrinfo *info, const struct listen_inet *where)
{
	int r = 0;

	if (info->ai_socktype == SOCK_STREAM)
		r = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0 && where->reuseport)
		r = set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r == 0 && info->ai_family == AF_INET6)
		r = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !where->dual);
	return r;
}

/* One attempt: a listening fd, or -errno with err. */
static int listen_on(const struct addrinfo *info, const struct listen_inet *where,
		     struct error *err)
{
	bool stream = info->ai_socktype == SOCK_STREAM;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
	int r;

	if (fd < 0)
		r = -errno;
	else
		r = prepare(fd, info, where);
	if (r == 0 && (bind(fd, info->ai_addr, info->ai_addrlen) < 0 ||
		       (stream && listen(fd, where->backlog) < 0)))
		r = -errno;
	if (r == 0)
		return fd;
	fd_close(&fd);
	if (r == -EADDRINUSE)
		return in_use(info->ai_addr, stream, err);
	error_set(err, "%s%s", strerror(-r),
		  r == -EACCES ? "; ports below net.ipv4.ip_unprivileged_port_start are for root "
				 "and CAP_NET_BIND_SERVICE"
			       : "");
	return r;
}

static bool is_any(const char *host)
{
	return !host || strcmp(host, "*") == 0 || *host == '\0';
}

/* "*" is every address: one socket for both families, or IPv4 where there is no IPv6. */
static int listen_any(const struct listen_inet *where, struct error *err)
{
	struct listen_inet try = *where;
	int r;

	try.host = "::";
	try.dual = true;
	r = listen_inet(&try, err);
	if (r != -EAFNOSUPPORT && r != -EADDRNOTAVAIL)
		return r;
	try.host = "0.0.0.0";
	return listen_inet(&try, err);
}

int listen_inet(const struct listen_inet *where, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = where->datagrams ? SOCK_DGRAM : SOCK_STREAM,
				  .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	int r;

	if (is_any(where->host))
		return listen_any(where, err);
	r = getaddrinfo(where->host, where->port, &hints, &found);
	if (r != 0) {
		int error = r == EAI_SYSTEM ? errno : EADDRNOTAVAIL;

		error_set(err, "%s", r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
		return -error;
	}
	r = -EADDRNOTAVAIL;
	for (struct addrinfo *at = found; at && r < 0; at = at->ai_next)
		r = listen_on(at, where, err);
	freeaddrinfo(found);
	return r;
}

int listen_tcp(const char *host, const char *port, int backlog, struct error *err)
{
	struct listen_inet where = { .host = host, .port = port, .backlog = backlog };

	return listen_inet(&where, err);
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

/* Somebody answers there, or may: who it is goes into err. */
static int lives(const struct sockaddr_un *address, int fd, struct error *err)
{
	struct buf holder = { 0 };
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	/* who has called listen(2), wherever that is; only if we are connected */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid > 0 &&
	    (kill(peer.pid, 0) == 0 || errno == EPERM))
		holder_describe_pid("/proc", peer.pid, &holder);
	else
		holder_describe("/proc", (const struct sockaddr *)address, true, &holder);
	error_set(err, "another program listens there: %s", buf_str(&holder));
	buf_done(&holder);
	return -EADDRINUSE;
}

static int in_the_way(mode_t mode, struct error *err)
{
	error_set(err,
		  "there is a %s in the way that is not a socket; remove it, or name another "
		  "path",
		  S_ISLNK(mode)   ? "symbolic link"
		  : S_ISDIR(mode) ? "directory"
				  : "file");
	return -EEXIST;
}

/* A socket file that nobody listens on was left by a crash; anything else is not ours to remove. */
static int remove_stale(const struct sockaddr_un *address, struct error *err)
{
	CLEANUP_FD int fd = -1;
	struct stat st, now;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : failed(err, "");
	if (!S_ISSOCK(st.st_mode))
		return in_the_way(st.st_mode, err);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return failed(err, "socket: ");
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	    errno != ECONNREFUSED)
		return lives(address, fd, err);
	/* that one, and not what somebody has put there meanwhile */
	if (lstat(address->sun_path, &now) == 0 &&
	    (now.st_ino != st.st_ino || now.st_dev != st.st_dev)) {
		error_set(err, "another program is just taking it");
		return -EADDRINUSE;
	}
	return unlink(address->sun_path) < 0 ? failed(err, "cannot remove the stale socket: ") : 0;
}

static int set_owner(int fd, const char *owner, struct error *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r;

	if (owner && user_find_owner(owner, &uid, &gid, err) < 0)
		return -EINVAL;
	if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0)
		return 0;
	r = -errno;
	error_set(err, "cannot give it to %s: %s", owner ? owner : "ourselves", strerror(-r));
	return r;
}

static int set_mode(int fd, int32_t mode, struct error *err)
{
	char path[64];

	/* fchmod(2) does not take an O_PATH fd */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, (mode_t)mode) < 0 ? failed(err, "chmod: ") : 0;
}

/* Gives the new file its owner and mode, by an fd: the name may be exchanged meanwhile by whoever
 * may write into the directory, but then it is not a socket of ours with mode 0. */
static int open_up(const struct listen_unix *where, struct listen_mark *mark, struct error *err)
{
	CLEANUP_FD int fd = open(where->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(err, "");
	if (!S_ISSOCK(st.st_mode) || st.st_mode & 0777 || st.st_uid != geteuid()) {
		error_set(err, "somebody has exchanged the new socket for another file");
		return -EPERM;
	}
	mark->dev = st.st_dev;
	mark->ino = st.st_ino;
	if (where->owner)
		r = set_owner(fd, where->owner, err);
	return r < 0 ? r : set_mode(fd, where->mode, err);
}

int listen_unix_change(const struct listen_unix *where, const struct listen_mark *mark,
		       struct error *err)
{
	CLEANUP_FD int fd = open(where->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(err, "the file of the socket is gone: ");
	if (!mark->path || st.st_dev != mark->dev || st.st_ino != mark->ino) {
		error_set(err, "somebody has exchanged the file of the socket for another one");
		return -EPERM;
	}
	r = set_owner(fd, where->owner, err);
	return r < 0 ? r : set_mode(fd, where->mode, err);
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
	r = mark->path ? 0 : -ENOMEM;
	/* before anybody may connect, so that nobody is refused */
	if (r == 0 && listen(fd, where->backlog) < 0)
		r = failed(err, "listen: ");
	if (r == 0)
		r = open_up(where, mark, err);
	if (r < 0) {
		listen_unlink(mark);
		return r;
	}
	ready = fd;
	fd = -1;
	return ready;
}

/* A NUL and the name, as long as it is: unix(7). */
int listen_abstract(const char *name, int backlog, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	CLEANUP_FD int fd = -1;
	int ready;

	if (len >= sizeof(address.sun_path)) {
		error_set(err, "the name is longer than %zu bytes", sizeof(address.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path + 1, name, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed(err, "socket: ");
	if (bind(fd, (const struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0)
		return errno == EADDRINUSE ? in_use((const struct sockaddr *)&address, true, err)
					   : failed(err, "");
	if (listen(fd, backlog) < 0)
		return failed(err, "listen: ");
	ready = fd;
	fd = -1;
	return ready;
}

bool listen_is_there(const struct listen_mark *mark, const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == mark->dev &&
	       st.st_ino == mark->ino;
}

void listen_unlink(struct listen_mark *mark)
{
	if (mark->path && listen_is_there(mark, mark->path))
		unlink(mark->path);
	free(mark->path);
	memset(mark, 0, sizeof(*mark));
}
