/* exit_status.h - how forkserver ends; the audit's values are those of report/verdict.h.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_EXIT_STATUS_H
#define SUPERVISOR_EXIT_STATUS_H

enum exit_status {
	EXIT_CLEAN = 0,      /* stopped as asked */
	EXIT_VIOLATIONS = 1, /* a zygote failed its first audit: nothing was forked */
	EXIT_CONFIG = 2,     /* usage or configuration */
	EXIT_IMPORT = 3,     /* the application failed to import */
	EXIT_NO_AUDIT = 4,   /* the audit could not run */
};

#endif
