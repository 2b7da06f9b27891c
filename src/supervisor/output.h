/* output.h - where the configuration wants a process's output: which file, whose name, whose fd.
 * Runs in: supervisor.  Opens nothing. */
#ifndef SUPERVISOR_OUTPUT_H
#define SUPERVISOR_OUTPUT_H

#include <stdbool.h>

struct config_daemon;
struct config_log;

/* Whether anybody reads it; else it goes to /dev/null. */
bool output_is_logged(const struct config_log *log);

/* The fd of ours that a path stands for (/dev/stdout, /dev/fd/2, …), borrowed, or -1.  Above 2 only
 * one that whoever started us has passed on. */
int output_own_fd(const char *path);

/* A new name for an automatic file of a process, as supervisord makes them; `channel` is "stdout"
 * or "stderr".  malloc'ed; NULL: out of memory. */
char *output_automatic_path(const struct config_daemon *daemon, const char *name,
			    const char *channel);

/* The same file for whoever opens it: a relative path begins at our working directory, and links in
 * it keep their meaning.  malloc'ed; NULL: out of memory. */
char *output_absolute(const char *path);

/* Removes the automatic files of an earlier run of the same identifier. */
void output_cleanup(const struct config_daemon *daemon);

#endif
