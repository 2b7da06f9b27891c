/* activation.c - see activation.h. */
#include "supervisor/activation.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/types.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST 3    /* SD_LISTEN_FDS_START */
#define MOST 65536 /* more than any limit of fds that one meets */

/* ---- taking ---- */

/* A decimal number from the environment; -1 with the reason. */
static long long read_number(const char *name, long long most, struct error *err)
{
	const char *text = getenv(name);
	long long number;

	if (config_integer(text, 10, &number) == 0 && number >= 0 && number <= most)
		return number;
	return error_set(err, "%s=%.100s is not a number that it may be", name, text);
}

static int add(struct activation *activation, int fd, const char *name)
{
	struct activated *all =
		reallocarray(activation->all, activation->n + 1, sizeof(*activation->all));

	if (!all)
		return error_set(&activation->why, "out of memory");
	activation->all = all;
	all[activation->n] = (struct activated){ strdup(name), fd };
	if (!all[activation->n].name)
		return error_set(&activation->why, "out of memory");
	activation->n++;
	return 0;
}

/* One fd, which becomes ours.  0, or -1 with why. */
static int take_one(struct activation *activation, int fd, const char *name)
{
	int r = fd_cloexec(fd, 1);

	if (r < 0)
		return error_set(&activation->why,
				 "file descriptor %d, which LISTEN_FDS counts, "
				 "is not open: %s",
				 fd, strerror(-r));
	/* without FileDescriptorName=, or from an old one: as sd_listen_fds_with_names(3) */
	return add(activation, fd, name && *name ? name : "unknown");
}

static void take_all(struct activation *activation)
{
	const char *given = getenv("LISTEN_FDNAMES");
	CLEANUP_FREE char *names = given ? strdup(given) : NULL;
	char *rest = names;
	long long pid, n;

	if (!getenv("LISTEN_PID") || !getenv("LISTEN_FDS"))
		return;
	pid = read_number("LISTEN_PID", INT32_MAX, &activation->why);
	n = pid < 0 ? -1 : read_number("LISTEN_FDS", MOST, &activation->why);
	if (n < 0)
		return;
	if (pid != getpid()) {
		error_set(&activation->why,
			  "LISTEN_PID says that they are for process %lld, and this is process %d: "
			  "nothing may stand between systemd and forkserver but exec",
			  pid, (int)getpid());
		return;
	}
	for (int i = 0; i < n; i++)
		if (take_one(activation, FIRST + i, strsep(&rest, ":")) < 0)
			return;
}

void activation_take(struct activation *activation)
{
	memset(activation, 0, sizeof(*activation));
	take_all(activation);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

void activation_done(struct activation *activation)
{
	for (size_t i = 0; i < activation->n; i++) {
		free(activation->all[i].name);
		fd_close(&activation->all[i].fd);
	}
	free(activation->all);
	memset(activation, 0, sizeof(*activation));
}

/* ---- giving ---- */

static int not_there(const struct activation *activation, const char *name, struct error *err)
{
	struct buf names = { 0 };

	if (!activation || !activation->n)
		return error_set(err,
				 "systemd has passed no sockets%s%s; start the .socket unit, "
				 "which starts this service",
				 activation && activation->why.text[0] ? ": " : "",
				 activation ? activation->why.text : "");
	for (size_t i = 0; i < activation->n; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", activation->all[i].name);
	error_set(err,
		  "systemd has passed no socket called %s, but: %s; write FileDescriptorName=%s "
		  "into the .socket unit",
		  name, buf_str(&names), name);
	buf_done(&names);
	return -1;
}

static const char *kind_of(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISREG(mode))
		return "a file";
	return S_ISCHR(mode) ? "a device" : "something else";
}

/* 0, or -1 with err. */
static int check_type(int fd, struct error *err)
{
	int type = 0, listens = 0;
	socklen_t len = sizeof(type);
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, "fstat: %s", strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(err,
				 "what systemd has passed is %s, not a socket; the .socket unit "
				 "needs ListenStream= or ListenDatagram=",
				 kind_of(st.st_mode));
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type == SOCK_DGRAM)
		return 0;
	len = sizeof(listens);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && !listens)
		return error_set(err,
				 "what systemd has passed is a connection, or does not listen; "
				 "the .socket unit needs ListenStream= and Accept=no");
	return 0;
}

int activation_open(const struct activation *activation, const char *name, struct error *err)
{
	int found = -1, fd;

	for (size_t i = 0; activation && i < activation->n; i++) {
		if (strcmp(activation->all[i].name, name) != 0)
			continue;
		if (found >= 0)
			return error_set(err,
					 "systemd has passed more than one socket called %s; put "
					 "each into a .socket unit of its own, with another "
					 "FileDescriptorName=",
					 name);
		found = activation->all[i].fd;
	}
	if (found < 0)
		return not_there(activation, name, err);
	if (check_type(found, err) < 0)
		return -1;
	fd = fcntl(found, F_DUPFD_CLOEXEC, FIRST);
	return fd < 0 ? error_set(err, "fcntl(F_DUPFD): %s", strerror(errno)) : fd;
}
