/* audit.h - `forkserver --audit-only`: import and audit, report, and fork nothing.
 * Runs in: its own process, the command; no daemon. */
#ifndef SUPERVISOR_AUDIT_H
#define SUPERVISOR_AUDIT_H

/* The whole command line; "--audit-only" may be anywhere in it.  Returns the exit status: 0 clean,
 * 1 violations, 2 usage or configuration error, 3 the application failed to import, 4 the audit
 * could not run; the highest of several zygotes.  128 + N: ended by signal N. */
int audit_main(int argc, char **argv);

#endif
