/* log.c - see log.h. */
#include "base/log.h"

#include "base/fd.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* The one process-wide state of this library: where its own messages go. */
static struct {
	int fd;
	int mirror;
	enum log_level level;
} target = { .fd = 2, .mirror = -1, .level = LEVEL_INFO };

void log_open(int fd, int mirror, enum log_level level)
{
	target.fd = fd;
	target.mirror = mirror;
	target.level = level;
}

void log_level(enum log_level level)
{
	target.level = level;
}

/* A pipe that nobody empties, or a stopped terminal, must not stop the supervisor: what does not
 * fit now is dropped, as is the error; nobody is left to be told. */
static void put(int fd, const char *line, size_t len)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	if (fd >= 0 && poll(&polled, 1, 0) > 0 && polled.revents & POLLOUT)
		(void)fd_write_all(fd, line, len);
}

void log_at(enum log_level level, const char *format, ...)
{
	static const char names[][5] = {
		[LEVEL_BLATHER] = "BLAT",  [LEVEL_TRACE] = "TRAC", [LEVEL_DEBUG] = "DEBG",
		[LEVEL_INFO] = "INFO",     [LEVEL_WARN] = "WARN",  [LEVEL_ERROR] = "ERRO",
		[LEVEL_CRITICAL] = "CRIT",
	};
	char line[PIPE_BUF]; /* what a pipe takes at once when poll(2) says that it takes something
			      */
	struct timespec now;
	struct tm tm;
	va_list ap;
	size_t len;
	int n, saved = errno;

	if (level < target.level)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	len = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S", &tm);
	len += (size_t)snprintf(line + len, sizeof(line) - len, ",%03ld %s ", now.tv_nsec / 1000000,
				names[level]);
	va_start(ap, format);
	n = vsnprintf(line + len, sizeof(line) - len - 1, format, ap);
	va_end(ap);
	if (n > 0)
		len += (size_t)n < sizeof(line) - len - 1 ? (size_t)n : sizeof(line) - len - 2;
	line[len++] = '\n';
	put(target.fd, line, len);
	put(target.mirror, line, len);
	errno = saved;
}
