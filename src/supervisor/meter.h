/* meter.h - what every process costs in memory and has written, measured while somebody wants to
 * know.
 * Runs in: supervisor, and in a child of it, forkserver-meter, which reads /proc.
 *
 * /proc/PID/smaps_rollup takes milliseconds for each gigabyte, and for ever if that process hangs
 * in the kernel with its memory map locked.  So a child does it, one process after the other, and
 * we only ever look at the last answer.  A first meter_want() starts the child; when nobody has
 * wanted anything for METER_IDLE_SECONDS it ends.  A scrape costs nothing here but that call. */
#ifndef SUPERVISOR_METER_H
#define SUPERVISOR_METER_H

#include "supervisor/memory.h"
#include "supervisor/reaper.h"
#include "supervisor/walk.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logs;
struct process;

#define METER_IDLE_SECONDS 300

/* Embedded in processes and zygotes. */
struct measured {
	struct memory memory; /* unless error */
	int error;            /* 0, or -errno: it could not be read */
	int64_t at_us;        /* CLOCK_MONOTONIC; 0: never */
	pid_t pid;            /* whose it is */
};

struct meter {
	struct ev_loop *loop; /* borrowed, as the next two */
	struct reaper *reaper;
	struct logs *logs;

	pid_t pid;   /* of the child; 0: none */
	int channel; /* owned; -1 */
	struct reaper_watch watch;
	ev_io input;
	ev_timer timer;

	struct walk walk;  /* whose turn is next */
	pid_t asked;       /* whose answer is awaited; 0: nobody's */
	int64_t asked_ms;  /* CLOCK_MONOTONIC, as all */
	int64_t wanted_ms; /* when somebody wanted to know last */
	int64_t round_ms;  /* when this round began */
	int64_t logs_ms;   /* when the logger was asked last */
	bool stuck;        /* that it hangs was said */
};

/* Goes through `all`, again and again. */
void meter_init(struct meter *meter, struct ev_loop *loop, struct reaper *reaper,
		const struct walk *all, struct logs *logs);
void meter_done(struct meter *meter); /* its child ends by itself */

/* Somebody looks at what is measured, and will do so again. */
void meter_want(struct meter *meter);

/* What is known of a process that runs; NULL: nothing. */
const struct measured *meter_of(const struct process *process);

#endif
