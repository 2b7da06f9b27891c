/* log.c - see log.h. */
#include "base/log.h"

#include "base/fd.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* The one process-wide state of this library: where its own messages go. */
static struct {
	int fd;
	int mirror;
	enum log_level level;
	unsigned long lost; /* lines that fd did not take, and that was not said there yet */
} target = { .fd = 2, .mirror = -1, .level = LEVEL_INFO };

void log_open(int fd, int mirror, enum log_level level)
{
	target.fd = fd;
	target.mirror = mirror;
	target.level = level;
}

void log_to(int fd, int mirror)
{
	target.fd = fd;
	target.mirror = mirror;
}

void log_level(enum log_level level)
{
	target.level = level;
}

bool log_wants(enum log_level level)
{
	return level >= target.level;
}

/* A pipe that nobody empties, or a stopped terminal, must not stop the supervisor: what does not
 * fit now is dropped, as is the error. */
static bool put(int fd, const char *line, size_t len)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	return poll(&polled, 1, 0) > 0 && polled.revents & POLLOUT &&
	       fd_write_all(fd, line, len) == 0;
}

/* "2026-01-31 23:59:59,999 WARN " */
static size_t stamp(char *line, size_t size, enum log_level level)
{
	static const char names[][5] = {
		[LEVEL_BLATHER] = "BLAT",  [LEVEL_TRACE] = "TRAC", [LEVEL_DEBUG] = "DEBG",
		[LEVEL_INFO] = "INFO",     [LEVEL_WARN] = "WARN",  [LEVEL_ERROR] = "ERRO",
		[LEVEL_CRITICAL] = "CRIT",
	};
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	len = strftime(line, size, "%Y-%m-%d %H:%M:%S", &tm);
	return len + (size_t)snprintf(line + len, size - len, ",%03ld %s ", now.tv_nsec / 1000000,
				      names[level]);
}

/* Puts a line where all belong, and says before it how many could not be. */
static void put_counted(const char *line, size_t len)
{
	char text[128];
	size_t n;

	if (target.lost) {
		n = stamp(text, sizeof(text), LEVEL_WARN);
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%lu lines of this log did not fit into its pipe and are "
				      "lost\n",
				      target.lost);
		if (!put(target.fd, text, n)) {
			target.lost++;
			return;
		}
		target.lost = 0;
	}
	if (!put(target.fd, line, len))
		target.lost++;
}

void log_at(enum log_level level, const char *format, ...)
{
	char line[PIPE_BUF]; /* what a pipe takes at once when poll(2) says that it takes something
			      */
	va_list ap;
	size_t len;
	int n, saved = errno;

	if (!log_wants(level))
		return;
	len = stamp(line, sizeof(line), level);
	va_start(ap, format);
	n = vsnprintf(line + len, sizeof(line) - len - 1, format, ap);
	va_end(ap);
	if (n > 0)
		len += (size_t)n < sizeof(line) - len - 1 ? (size_t)n : sizeof(line) - len - 2;
	line[len++] = '\n';
	if (target.fd >= 0)
		put_counted(line, len);
	if (target.mirror >= 0)
		(void)put(target.mirror, line, len);
	errno = saved;
}
