/* backoff.h - how long to wait after a failed start.
 * Runs in: supervisor.  Pure. */
#ifndef SUPERVISOR_BACKOFF_H
#define SUPERVISOR_BACKOFF_H

struct config_program;

/* Seconds until the next attempt after `failures` starts in a row have failed (at least 1): 1, 2,
 * 3, … as supervisord, or 1, 2, 4, … with backoff = exponential; never more than backoff_max. */
unsigned backoff_delay(const struct config_program *program, unsigned failures);

#endif
