/* announce.h - what the service manager is told of us, and when; over systemd.h.
 * Runs in: supervisor.
 *
 *   STARTING ──settled──► READY ──reload──► RELOADING ──done and settled──► READY
 *       any ──restart──► RELOADING, and the next life is STARTING
 *       any ──shutdown──► STOPPING
 *
 * Settled (progress.h): every process that is to be started runs, or has failed for good.  One that
 * fails again and again is waited for as long as its retries go on, but not for more than
 * ANNOUNCE_PATIENCE seconds: what works must not be taken down because something else does not.
 *
 * While we are busy with anything but READY, and have deadlines of our own for it, we ask for more
 * time.  The watchdog is fed by a timer of the main loop, so it starves when the loop hangs. */
#ifndef SUPERVISOR_ANNOUNCE_H
#define SUPERVISOR_ANNOUNCE_H

#include <ev.h>
#include <stdbool.h>

struct groups;
struct replaces;
struct systemd;

#define ANNOUNCE_PATIENCE 60. /* seconds */

enum announce_phase {
	ANNOUNCE_STARTING,
	ANNOUNCE_READY,
	ANNOUNCE_RELOADING,
	ANNOUNCE_STOPPING,
};

/* Embedded. */
struct announce {
	struct ev_loop *loop;
	const struct groups *groups;     /* borrowed */
	const struct replaces *replaces; /* borrowed: processes that have no slot, and end */
	const struct systemd *systemd;   /* borrowed; NULL: nobody is told anything */
	enum announce_phase phase;
	bool begun;   /* processes have been told to start; before that zygotes are waited for */
	bool waiting; /* not settled, whatever processes do */
	bool owed;    /* a RELOADING that the manager has not taken yet */
	bool out_of_patience;
	char *trouble; /* why the last reload failed; owned; NULL: it did not */
	char *said;    /* the last STATUS; owned */
	ev_timer soon; /* what changes in a moment is told together */
	ev_timer patience;
	ev_timer more; /* we ask for time */
	ev_timer watchdog;
};

void announce_init(struct announce *announce, struct ev_loop *loop, const struct groups *groups,
		   const struct replaces *replaces);
void announce_done(struct announce *announce);

/* From now on `systemd` is told. */
void announce_to(struct announce *announce, const struct systemd *systemd);

void announce_changed(struct announce *announce); /* a process has changed its state */

/* All processes that are to be started have been told to. */
void announce_started(struct announce *announce);

/* SIGHUP, or an update.  Each one that begins is told, even while another is under way. */
void announce_reloading(struct announce *announce);
void announce_reloaded(struct announce *announce, const char *failure); /* NULL: there is none */

void announce_restarting(struct announce *announce); /* all stops, the next life follows */
void announce_stopping(struct announce *announce);

#endif
