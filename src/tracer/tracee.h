/* tracee.h - the table of traced threads.
 * Runs in: tracer.  For engine.c and stops.c. */
#ifndef TRACER_TRACEE_H
#define TRACER_TRACEE_H

#include <sys/types.h>

struct engine;
struct tracee;

/* A new entry, in the table; where it belongs is asked of the kernel.  NULL: out of memory. */
struct tracee *tracee_add(struct engine *engine, pid_t tid);

/* Takes it out of the table and frees it. */
void tracee_forget(struct engine *engine, struct tracee *tracee);

#endif
