/* demand.h - scale = ondemand: processes that the first connection starts, and that are stopped
 * when nobody has needed them for a while. Runs in: supervisor.
 *
 * A process that waits for that is asleep: STOPPED, but not for good.  While nobody of its program
 * runs we wait for the program's sockets to become readable, and accept nothing: the connection
 * stays in the queue for whoever is started.  From then on the processes share the sockets among
 * themselves, and we only look now and then whether somebody still waits there, so that one more is
 * started, and who has done nothing (counter.h) for idlesecs, so that it is stopped. */
#ifndef SUPERVISOR_DEMAND_H
#define SUPERVISOR_DEMAND_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct demand_watch;
struct groups;
struct listeners;
struct process;

/* Of one process; embedded in it. */
struct drowse {
	bool asleep;        /* a connection starts it */
	int64_t started_us; /* of the start that the rest is of */
	uint64_t requests;
	int64_t busy_us; /* when their number was another one; CLOCK_MONOTONIC */
};

/* Embedded in the supervisor. */
struct demand {
	struct ev_loop *loop; /* borrowed, as the next two */
	const struct groups *groups;
	const struct listeners *listeners;
	struct demand_watch *watches; /* owned; one for each such program */
	ev_timer review;              /* soon: something has changed */
	ev_timer tick;                /* while processes of such programs run */
	bool off;
};

void demand_init(struct demand *demand, struct ev_loop *loop, const struct groups *groups,
		 const struct listeners *listeners);
void demand_done(struct demand *demand);
void demand_stop(struct demand *demand); /* we are shutting down */

/* A process has changed its state; or, NULL: programs or sockets may be other ones. */
void demand_changed(struct demand *demand, const struct process *process);

/* Starts a process as `autostart` does: now, or on demand. */
void demand_autostart(struct process *process);

/* Whether it waits for a connection. */
bool demand_is_asleep(const struct process *process);

/* It shall stay as it is: somebody has stopped it. */
void demand_forget(struct process *process);

/* ---- what is to be done, from what is seen of a program: pure ---- */

struct demand_view {
	unsigned running, starting;  /* STARTING or BACKOFF */
	unsigned asleep;             /* and down, so that they can be started */
	bool readable, was_readable; /* its sockets; in the look before */
};

enum demand_step {
	DEMAND_NOTHING,
	DEMAND_WATCH, /* start one when a socket becomes readable */
	DEMAND_START, /* one more, now */
};

enum demand_step demand_step(const struct demand_view *view);

#endif
