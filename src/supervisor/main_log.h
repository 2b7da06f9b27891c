/* main_log.h - the supervisor's own log: first a file that it writes itself, then a pipe that the
 * logger reads, and at the very end the file again.
 * Runs in: supervisor.  The pipe never blocks: base/log.h counts what does not fit. */
#ifndef SUPERVISOR_MAIN_LOG_H
#define SUPERVISOR_MAIN_LOG_H

#include "ipc/log_messages.h"

#include <stdbool.h>

struct config_daemon;
struct error;

struct main_log {
	const struct config_daemon *daemon; /* borrowed; NULL: not opened */
	int file;                           /* owned; -1 */
	int mirror;                         /* borrowed: standard output, or -1 */
	int ends[2];                        /* borrowed; of the pipe; -1 */
	bool attached;                      /* the logger has the file */
};

#define MAIN_LOG_NONE ((struct main_log){ .file = -1, .mirror = -1, .ends = { -1, -1 } })

/* Finds out that the file can be written, and logs there from now on; `background`: nobody looks at
 * standard output.  Lets go of the file that it had.  0, or -1 with err and nothing changed. */
int main_log_open(struct main_log *main_log, const struct config_daemon *daemon, bool background,
		  struct error *err);

/* Whether the logger has anything to do with it. */
bool main_log_is_logged(const struct main_log *main_log);

/* Makes the pipe; both ends are the caller's.  0, or -1 with err. */
int main_log_pipe(struct main_log *main_log, int ends[2], struct error *err);

struct log_stream main_log_stream(const struct main_log *main_log); /* all is borrowed */

void main_log_attach(struct main_log *main_log);                /* the logger reads the pipe */
void main_log_lost(struct main_log *main_log, const char *why); /* it cannot open the file */

/* The logger is gone: writes what it has left in the pipe, and logs into the file as at first.  The
 * pipe's ends are used no more. */
void main_log_close(struct main_log *main_log);

#endif
