/* rollout.h - new code while everything runs: a new generation of a zygote beside the old one, and
 * then process by process from the old to the new.
 * Runs in: supervisor.
 *
 *   QUEUED ──► IMPORTING ──clean──► ROLLING ──all replaced──► WATCHING ──reload_watch──► done
 *                  │                   │ one is not ready         │ they die
 *                  ▼                   └────────────┬─────────────┘
 *               refused                            BACK ──all old again──► rolled back
 *
 * Nothing of the old generation is stopped before its successor is ready (replace.h), and its
 * zygote is kept until the end.  One rollout runs at a time, others wait.  A program without a
 * zygote has nothing to import; its processes are replaced in the same way.
 *
 * Processes are looked up by their names each time, because whatever else happens to them (they
 * die, are stopped, are removed by an update) goes on meanwhile. */
#ifndef SUPERVISOR_ROLLOUT_H
#define SUPERVISOR_ROLLOUT_H

#include "ipc/rollout_messages.h"
#include "supervisor/exit_status.h"
#include "supervisor/replace.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct config_process;
struct config_program;
struct error;
struct process;
struct rollout;
struct supervisor;
struct zygote_link;

#define ROLLOUT_HISTORY 50 /* that are remembered */

/* One slot that is to change; owned by its rollout. */
struct rollout_slot {
	struct rollout *rollout; /* borrowed */
	char *group, *process;   /* owned: its name */
	enum rollout_slot_state state;
	pid_t from, to;
	int64_t begun_us; /* CLOCK_MONOTONIC */
	int64_t us;       /* from there until it was ready */
	char why[352];
	uint64_t deaths; /* of it, when the new one got the slot */
	struct replace replace;

	/* what ran in it, to go back to */
	struct config *base; /* one reference: what the next two point into; NULL: nothing yet */
	const struct config_program *program;
	const struct config_process *config;
	struct zygote_link *zygote; /* borrowed, and held by the rollout */
	unsigned generation;
};

struct rollout {
	struct rollout *next; /* newer */
	struct rollouts *rollouts;
	uint32_t id;
	bool is_program;
	char *name;  /* owned */
	char *cause; /* owned */
	enum rollout_phase phase;
	enum rollout_outcome outcome;
	unsigned generation, before;
	int64_t start;    /* seconds since the epoch */
	int64_t begun_us; /* CLOCK_MONOTONIC */
	int64_t us;       /* that it took, when it has ended */
	uint64_t import_us;
	char audit[64];
	char why[512];

	struct config *target;         /* one reference; NULL: it is over */
	struct zygote_link *candidate; /* borrowed, and held; NULL: none, or none any more */
	bool imported;                 /* its first start has ended */
	enum exit_status status;       /* how */
	uint64_t deaths;               /* of new processes, in the last look */
	bool unsettled;                /* one has died since the one before, or is not up yet */
	bool failing;                  /* somebody has failed: back, in the next look */
	char *undo; /* owned; settings to go back to if it fails, as lines; NULL: leave them */

	struct rollout_slot **slots; /* owned; in the order of their turns */
	size_t nslots;
	size_t batch; /* the first one of the batch that is under way */
	size_t batch_end;
};

/* All of them; embedded in the supervisor. */
struct rollouts {
	struct supervisor *supervisor; /* borrowed */
	struct rollout *all;           /* owned; the oldest first */
	struct rollout *active;        /* NULL: none */
	uint32_t last_id;
	uint64_t ended[ROLLOUT_NOUTCOMES]; /* how many, by outcome */
	char *trouble; /* owned; why one has failed since the last announcement; NULL */
	ev_timer look;
	ev_timer watch; /* of WATCHING, or the next look at what tells nobody of its changes */
};

void rollouts_init(struct rollouts *rollouts, struct supervisor *supervisor);
void rollouts_done(struct rollouts *rollouts);

/* Adds one for the zygote or, if it has none, the program of supervisor->latest.  `undo` (NULL:
 * there is none) are settings, see config_settings_lines().  The id, or 0: out of memory. */
uint32_t rollouts_add(struct rollouts *rollouts, const char *name, bool is_program,
		      const char *cause, const char *undo);

/* Begins the next one now, if nothing is in its way; else it comes by itself in a moment. */
void rollouts_begin(struct rollouts *rollouts);

/* What supervisor->latest means by the name: 0 and *ret_name, borrowed from it (of a program with a
 * zygote: the zygote's); or -ENOENT. */
int rollouts_find(const struct supervisor *supervisor, const char *name, const char **ret_name,
		  bool *ret_is_program);

bool rollouts_are_idle(const struct rollouts *rollouts);

/* Those that run or wait bring what this configuration says. */
void rollouts_retarget(struct rollouts *rollouts, struct config *target);

/* Whether one of that name is queued or runs. */
bool rollouts_have(const struct rollouts *rollouts, const char *name);

/* Whether the process will be, or is just being, replaced by one. */
bool rollouts_want(const struct rollouts *rollouts, const struct process *process);

void rollouts_changed(struct rollouts *rollouts); /* a process has changed */

/* A first start has ended; false: of no candidate of ours. */
bool rollouts_first(struct rollouts *rollouts, struct zygote_link *link, enum exit_status status);

void rollouts_cancel(struct rollouts *rollouts); /* we are stopping */

/* What is to be told of one; strings are borrowed, `slots` is the caller's to free(), the names in
 * it too.  0 or -ENOMEM. */
int rollout_describe(const struct rollout *rollout, struct rollout_info *ret);

/* ---- rollout_slots.c, for rollout.c ---- */

/* Finds what is to be replaced; may be called again for what has come since.  0 or -ENOMEM. */
int rollout_find_slots(struct rollout *rollout);
void rollout_free_slots(struct rollout *rollout);

/* Goes on as far as it can.  Whether nothing is left to be done; `failing` is set meanwhile, with
 * `why`, if something has failed. */
bool rollout_roll(struct rollout *rollout);
bool rollout_go_back(struct rollout *rollout); /* likewise */

void rollout_check(
	struct rollout *rollout); /* sets `failing` if new ones do not stay; `unsettled` */
unsigned rollout_watch(struct rollout *rollout); /* seconds that they are to be watched */
void rollout_cancel_slots(struct rollout *rollout);
void rollout_fail(struct rollout *rollout, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- rollout.c, for rollout_slots.c ---- */

void rollouts_look_soon(struct rollouts *rollouts); /* in a moment */

/* A zygote that has died is imported again by its link; that it cannot be is told to nobody, and
 * whoever waits for a worker of it waits for long.  NULL: legal. */
bool rollout_has_lost(const struct zygote_link *link);

#endif
