/* backoff.h - how long to wait before something is started again.
 * Runs in: supervisor.  Pure. */
#ifndef SUPERVISOR_BACKOFF_H
#define SUPERVISOR_BACKOFF_H

struct config_program;

/* Seconds until the next attempt after `failures` starts in a row have failed (at least 1): 1, 2,
 * 3, … as supervisord, or 1, 2, 4, … with backoff = exponential; never more than backoff_max. */
unsigned backoff_delay(const struct config_program *program, unsigned failures);

/* Restarts that may happen at once, as long as there are not too many of them.  All zero: full. */
struct budget {
	double left;
	double at; /* when that was so, on the caller's clock, in seconds; 0: never */
};

/* Takes one out of at most `max`, of which `per_second` come back each second.  0: now; else
 * seconds until this one may happen. */
double budget_spend(struct budget *budget, double max, double per_second, double now);

#endif
