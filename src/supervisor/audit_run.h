/* audit_run.h - one zygote, started, audited and ended again with all that it started.
 * Runs in: the --audit-only command. */
#ifndef SUPERVISOR_AUDIT_RUN_H
#define SUPERVISOR_AUDIT_RUN_H

#include "ipc/messages.h"
#include "supervisor/user.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct interpreter;

/* What to audit.  All owned. */
struct audit_job {
	struct zygote_setup setup;
	char *python; /* as written; NULL: the default */
	char **environment;
	char *directory; /* NULL: here */
	struct user user;
	int32_t umask; /* -1: ours */
};

void audit_job_done(struct audit_job *job);

/* A zygote under audit. */
struct audit_run {
	const struct audit_job *job; /* borrowed */
	pid_t pid;                   /* of the zygote; 0: not started, or reaped */
	int status;                  /* wait(2)'s, once it was reaped */
	int channel;                 /* owned */
	int signals;                 /* owned signalfd: INT, TERM, HUP, CHLD */
	pid_t *strangers;            /* owned: children that we had before; not ours to end */
	size_t nstrangers;
	sigset_t mask; /* of signals, as it was */
	int signal;    /* that asked us to end; 0: none */
	bool progress; /* show it on stderr */
	bool shown;    /* there is a progress line on the terminal */
	bool closed;   /* the channel has ended */
	bool alone;    /* we have no child any more */
	bool is_ready; /* ready is valid */
	char *report;  /* owned: JSON; NULL: none came */
	size_t report_len;
	struct zygote_ready ready;
};

/* Starts the zygote and waits for its verdict (and, if it is clean, until it could fork).
 * Afterwards run->report is set whatever went wrong, unless run->signal is; 0, or -ENOMEM.  The
 * caller ends it with audit_run_done() in any case.  SIGINT, SIGTERM, SIGHUP and SIGCHLD are
 * blocked until then. */
int audit_run(struct audit_run *run, const struct audit_job *job,
	      const struct interpreter *interpreter, bool progress);

/* Kills and reaps the zygote and everything that it has left behind. */
void audit_run_done(struct audit_run *run);

/* Waits for fd (-1: none) to be readable: 1; or a signal to end came, everybody died or the
 * deadline (CLOCK_MONOTONIC; 0: none) passed: 0.  Reaps meanwhile. */
int audit_run_wait(struct audit_run *run, int fd, int64_t deadline_ms);

#endif
