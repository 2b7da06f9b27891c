/* wait_status.h - statuses and signals in supervisord's words.
 * Runs in: supervisor.  Pure. */
#ifndef SUPERVISOR_WAIT_STATUS_H
#define SUPERVISOR_WAIT_STATUS_H

#include <stddef.h>

/* "exit status 1", "terminated by SIGSEGV (core dumped)"; returns `text`. */
const char *wait_status_text(int status, char *text, size_t size);

/* "SIGTERM", "signal 40" (musl has no sigabbrev_np(3)); static, of the last call. */
const char *signal_name(int signum);

#endif
