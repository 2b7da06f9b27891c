/* essential.h - a program whose end is the supervisor's end.
 * Runs in: supervisor.  Pure. */
#ifndef SUPERVISOR_ESSENTIAL_H
#define SUPERVISOR_ESSENTIAL_H

#include <stdbool.h>

struct process;

/* Whether an essential process has just ended for good: EXITED without a restart, or FATAL. */
bool essential_ended(const struct process *process);

/* What the supervisor exits with then, as a shell would: the exit status, 128 + the signal, or 1
 * for FATAL. */
int essential_status(const struct process *process);

#endif
