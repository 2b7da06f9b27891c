/* logger.h - the logger: reads what supervised processes write, and puts it where it belongs.
 * Runs in: logger. */
#ifndef LOGGER_LOGGER_H
#define LOGGER_LOGGER_H

/* Sockets of log daemons. */
struct logger_paths {
	const char *syslog;
	const char *journal;
};

/* Serves the supervisor on `channel`, which is taken over, until it says LOG_END, or until it has
 * gone and every pipe has ended.  paths NULL: the system's.  0 or -errno. */
int logger_run(int channel, const struct logger_paths *paths);

#endif
