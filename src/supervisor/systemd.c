/* systemd.c - see systemd.h. */
#include "supervisor/systemd.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A path, or '@' and a name without one.  AF_VSOCK, for virtual machines, is not for services. */
static int parse_address(struct systemd *systemd, const char *text)
{
	size_t len = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || len < 2)
		return -EAFNOSUPPORT;
	if (len >= sizeof(systemd->address.sun_path))
		return -ENAMETOOLONG;
	systemd->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(systemd->address.sun_path, text, len);
	if (text[0] == '@')
		systemd->address.sun_path[0] = '\0';
	/* every byte of an abstract name counts, so it ends here, without a NUL */
	systemd->address_len =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (text[0] == '/'));
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
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC" };

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
		r = parse_address(systemd, address);
		if (r == 0)
			systemd->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (r == 0 && systemd->fd < 0)
			r = -errno;
		if (r < 0)
			log_warn("NOTIFY_SOCKET=%s cannot be used: %s; the service manager is told "
				 "nothing",
				 address, strerror(-r));
	}
	if (systemd->fd >= 0)
		systemd->watchdog_us = find_watchdog();
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

int systemd_send(const struct systemd *systemd, const char *format, ...)
{
	struct buf text = { 0 };
	va_list ap;
	ssize_t n;

	if (!systemd_listens(systemd))
		return 0;
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	if (text.failed)
		return -ENOMEM;
	do
		n = sendto(systemd->fd, text.data, text.len, MSG_DONTWAIT | MSG_NOSIGNAL,
			   (const struct sockaddr *)&systemd->address, systemd->address_len);
	while (n < 0 && errno == EINTR);
	buf_done(&text);
	return n < 0 ? -errno : 0;
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
