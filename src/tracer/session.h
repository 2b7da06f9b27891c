/* session.h - the tracer's main function, and the words between it and the zygote.
 * Runs in: tracer; zygote (the words). */
#ifndef TRACER_SESSION_H
#define TRACER_SESSION_H

#include <sys/types.h>

struct zygote_setup;

/* Messages on the socket between zygote and tracer. */
enum { TRACER_ATTACHED = 1, TRACER_REFUSED, TRACER_VERDICT };

/* Second argument of the notifying prctl() (calls.h). */
enum { NOTIFY_BEGIN = 1, NOTIFY_END };

/* Traces the import of `root`, judges it, reports on channel and tells the verdict on sock.  Keeps
 * only these two fds and 0-2. */
_Noreturn void session_run(const struct zygote_setup *setup, int channel, int sock, pid_t root);

#endif
