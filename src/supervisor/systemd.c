/* systemd.c - see systemd.h. */
#include "supervisor/systemd.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/util.h"
#include "ipc/notify_send.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BARRIER_MS 5000 /* a manager that takes longer has other troubles */

/* A path, or '@' and a name without one.  AF_VSOCK, for virtual machines, is not for services. */
static int parse_address(struct notify_address *to, const char *text)
{
	size_t len = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || len < 2)
		return -EAFNOSUPPORT;
	if (len >= sizeof(to->address.sun_path))
		return -ENAMETOOLONG;
	to->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(to->address.sun_path, text, len);
	if (text[0] == '@')
		to->address.sun_path[0] = '\0';
	/* every byte of an abstract name counts, so it ends here, without a NUL */
	to->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '/'));
	return 0;
}

/* The number, or 0 if the text is none. */
static int64_t parse_number(const char *text)
{
	char *end;
	intmax_t value;

	if (!text)
		return 0;
	errno = 0;
	value = strtoimax(text, &end, 10);
	return errno || *end || end == text || value < 0 ? 0 : value;
}

/* Somebody who has inherited these from a service is not meant: then WATCHDOG_PID is not his. */
static int64_t find_watchdog(void)
{
	const char *pid = getenv("WATCHDOG_PID");

	if (pid && parse_number(pid) != getpid())
		return 0;
	return parse_number(getenv("WATCHDOG_USEC"));
}

static void forget_environment(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "FDSTORE", "WATCHDOG_PID",
					     "WATCHDOG_USEC" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
}

void systemd_open(struct systemd *systemd)
{
	const char *address = getenv("NOTIFY_SOCKET");
	int r = 0;

	*systemd = SYSTEMD_NONE;
	systemd->started = getpid();
	if (address && *address) {
		r = parse_address(&systemd->to, address);
		if (r == 0)
			systemd->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (r == 0 && systemd->fd < 0)
			r = -errno;
		if (r < 0)
			log_warn("NOTIFY_SOCKET=%s cannot be used: %s; the service manager is told "
				 "nothing",
				 address, strerror(-r));
	}
	if (systemd->fd >= 0) {
		systemd->watchdog_us = find_watchdog();
		systemd->stores = !getenv("FDSTORE") || parse_number(getenv("FDSTORE")) > 0;
	}
	forget_environment();
}

void systemd_close(struct systemd *systemd)
{
	fd_close(&systemd->fd);
}

bool systemd_listens(const struct systemd *systemd)
{
	return systemd && systemd->fd >= 0;
}

/* To a manager that listens. */
static int send_text(const struct systemd *systemd, int fd, const char *format, va_list ap)
{
	struct buf text = { 0 };
	int r;

	buf_vprintf(&text, format, ap);
	r = text.failed ? -ENOMEM : notify_send(systemd->fd, &systemd->to, text.data, text.len, fd);
	buf_done(&text);
	return r;
}

int systemd_send(const struct systemd *systemd, const char *format, ...)
{
	va_list ap;
	int r;

	if (!systemd_listens(systemd))
		return 0;
	va_start(ap, format);
	r = send_text(systemd, -1, format, ap);
	va_end(ap);
	return r;
}

int systemd_send_fd(const struct systemd *systemd, int fd, const char *format, ...)
{
	va_list ap;
	int r;

	if (!systemd_listens(systemd))
		return 0;
	va_start(ap, format);
	r = send_text(systemd, fd, format, ap);
	va_end(ap);
	return r;
}

/* The manager closes what comes with BARRIER when it is its turn: sd_notify_barrier(3). */
int systemd_barrier(const struct systemd *systemd)
{
	CLEANUP_FD int here = -1;
	struct pollfd polled;
	int ends[2], r;

	if (!systemd_listens(systemd))
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	here = ends[0];
	r = systemd_send_fd(systemd, ends[1], "BARRIER=1");
	fd_close(&ends[1]);
	if (r < 0)
		return r;
	polled = (struct pollfd){ .fd = here };
	do
		r = poll(&polled, 1, BARRIER_MS);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

void systemd_add_text(struct buf *buf, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		size_t n = utf8_length(text, left);
		bool printable = n > 1 || (n == 1 && !utf8_is_control(*text));

		if (n == 0)
			n = 1;
		buf_add(buf,
			printable                  ? text
			: n == 1 && (*text & 0x80) ? "?"
						   : " ",
			printable ? n : 1);
		text += n;
		left -= n;
	}
}
