/* decode.h - one traced system call becomes records in the ledger.
 * Runs in: tracer. */
#ifndef TRACER_DECODE_H
#define TRACER_DECODE_H

#include <stdint.h>

struct engine;
struct record;
struct tracee;

/* At the entry: acts on the calls that have no exit or whose cause is gone by then. */
void decode_entry(struct engine *engine, struct tracee *tracee);

/* At the exit of tracee->call, which has succeeded with this result. */
void decode_exit(struct engine *engine, struct tracee *tracee, int64_t result);

/* A record of where the thread is now; NULL: out of memory. */
struct record *decode_here(struct engine *engine, struct tracee *tracee, const char *syscall);

#endif
