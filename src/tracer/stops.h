/* stops.h - what a wait status of a tracee means, and what is done about it.
 * Runs in: tracer.  For engine.c. */
#ifndef TRACER_STOPS_H
#define TRACER_STOPS_H

struct engine;
struct tracee;

/* Acts on a status that waitpid() gave for the tracee, which may be gone from the table afterwards,
 * and lets it run on unless the engine has come to an outcome. */
void stops_dispatch(struct engine *engine, struct tracee *tracee, int status);

/* Lets a stopped tracee run on, delivering a signal (0: none). */
void stops_resume(struct engine *engine, struct tracee *tracee, int sig);

#endif
