/* log.h - the main log of a process, in supervisord's line format.
 * Runs in: every process.  Role code logs; libraries return errors. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/* supervisord's levels; LOG_INFO and friends belong to <syslog.h>. */
enum log_level {
	LEVEL_BLATHER,
	LEVEL_TRACE,
	LEVEL_DEBUG,
	LEVEL_INFO,
	LEVEL_WARN,
	LEVEL_ERROR,
	LEVEL_CRITICAL,
};

/* Lines at or above level go to fd (borrowed; -1: nowhere) and, if mirror >= 0, to mirror as well.
 * Until the first call: LEVEL_INFO to fd 2. */
void log_open(int fd, int mirror, enum log_level level);

void log_to(int fd, int mirror);      /* other fds, the same level */
void log_level(enum log_level level); /* another level, the same fds */
bool log_wants(enum log_level level); /* whether lines of that level are written at all */

/* "2026-01-31 23:59:59,999 WARN text\n", local time, one write(2) a line, which is cut
 * at PIPE_BUF bytes.  Never blocks on a pipe or a terminal: a line that it does not take now is
 * lost to it, and the next one that fd takes comes after one which says how many were. */
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_at(LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_at(LEVEL_ERROR, __VA_ARGS__)
#define log_critical(...) log_at(LEVEL_CRITICAL, __VA_ARGS__)

#endif
