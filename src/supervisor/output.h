/* output.h - where a supervised process writes: its stdout and stderr.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_OUTPUT_H
#define SUPERVISOR_OUTPUT_H

struct config_daemon;
struct config_log;
struct error;

/* Opens it for one start of the process: a new fd, CLOEXEC, O_APPEND; or -1 with err.
 *
 * `name` is the process's, `stream` "stdout" or "stderr".  For an automatic file *automatic keeps
 * the path that the first call chose (owned by the caller), so that a restart appends to it. */
int output_open(const struct config_log *log, const struct config_daemon *daemon, const char *name,
		const char *stream, char **automatic, struct error *err);

/* Removes the automatic files of an earlier run of the same identifier. */
void output_cleanup(const struct config_daemon *daemon);

#endif
