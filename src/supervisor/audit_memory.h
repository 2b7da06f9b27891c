/* audit_memory.h - `--memory`: what two workers of a clean zygote share, measured on the real
 * thing. Runs in: the --audit-only command. */
#ifndef SUPERVISOR_AUDIT_MEMORY_H
#define SUPERVISOR_AUDIT_MEMORY_H

struct audit_run;
struct buf;
struct error;

/* Forks two throw-away workers from a zygote that is ready, and appends a table.  0, or -1 with the
 * reason in err.  The workers are ended by audit_run_done(). */
int audit_memory(struct audit_run *run, struct buf *table, struct error *err);

#endif
