/* supervisor.h - the whole: starts everything in order, waits for events, stops everything in
 * order. Runs in: supervisor.
 *
 *   ZYGOTES ──all clean──► RUNNING ──TERM──► GROUPS ──all down──► LAST ──zygotes gone──► LOGS
 * ──written──► end └── one is not, or TERM: nothing was forked ─────────────────┘
 */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include "config/settings.h"
#include "supervisor/announce.h"
#include "supervisor/cgroup.h"
#include "supervisor/control_calls.h"
#include "supervisor/control_link.h"
#include "supervisor/events.h"
#include "supervisor/exit_status.h"
#include "supervisor/groups.h"
#include "supervisor/http_sockets.h"
#include "supervisor/listeners.h"
#include "supervisor/logs.h"
#include "supervisor/meter.h"
#include "supervisor/metrics.h"
#include "supervisor/order.h"
#include "supervisor/pidfile.h"
#include "supervisor/process.h"
#include "supervisor/reaper.h"
#include "supervisor/reload.h"
#include "supervisor/replace.h"
#include "supervisor/rollout.h"
#include "supervisor/sampler.h"
#include "supervisor/zygote_link.h"
#include "supervisor/zygotes.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct config;
struct error;
struct main_log;

enum supervisor_phase {
	SUPERVISOR_ZYGOTES, /* imports and first audits; nothing else runs */
	SUPERVISOR_RUNNING,
	SUPERVISOR_GROUPS, /* one group after the other is being stopped */
	SUPERVISOR_LAST,   /* only zygotes and the control process are left */
	SUPERVISOR_LOGS,   /* only the logger is left */
};

#define SUPERVISOR_NSIGNALS 7

/* Reads the configuration as at the start, the command line's values over it; embedded in whoever
 * knows them. */
struct config_reader {
	/* As config_reload(). */
	int (*read)(const struct config_reader *reader, const struct config_settings *settings,
		    struct config **ret, struct buf *messages);
};

struct supervisor {
	const struct config_reader
		*reader;        /* borrowed; set by the caller after supervisor_init() */
	struct config *config;  /* one reference: what we were started with */
	struct config *applied; /* one reference: what the main log is kept by since; or NULL */
	struct config *latest;  /* one reference: what was read last */
	struct config_settings settings; /* that hold instead of the file's */
	struct ev_loop *loop;            /* owned; our own, not libev's default loop, which reaps */
	struct reaper reaper;
	struct listeners *listeners; /* borrowed; they outlive a restart */
	struct cgroups cgroups;
	struct pidfile pidfile;
	struct main_log *main_log; /* borrowed */
	struct logs logs;
	struct log_job reopen; /* SIGUSR2 */
	struct process_host process_host;
	struct zygote_host zygote_host;
	struct zygotes zygotes;
	struct order order;
	struct groups groups;
	struct replaces replaces;
	struct events events;
	struct http_sockets http;
	struct control_host control_host;
	struct control_link control;
	struct control_calls calls;
	struct reload reload;
	struct rollouts rollouts;
	bool reloading; /* the manager was told so, and is to be told its end */
	struct metrics metrics;
	struct meter meter;
	struct sampler sampler;
	int64_t started_us; /* CLOCK_MONOTONIC; and on the wall: */
	int64_t started;    /* seconds since the epoch */
	struct announce announce;

	ev_signal signals[SUPERVISOR_NSIGNALS];
	ev_timer report;  /* "waiting for … to die" */
	ev_prepare store; /* tells the service manager of listeners */
	ev_timer store_again;
	ev_timer step; /* the next step of a shutdown, never from within a callback */

	enum supervisor_phase phase;
	unsigned awaited;     /* zygotes that are in their first import */
	int64_t listeners_ms; /* until when event listeners may finish; 0: nobody has waited */
	enum exit_status status;
	bool essential_ended; /* an essential process, for good; the shutdown is due */
	int essential_status;
	bool groups_begun; /* processes may exist */
	bool restart;      /* when all is down, begin again with what was read last */
	int64_t stop_ms;   /* when it was first told to stop; CLOCK_MONOTONIC */
	int stop_signal;
	bool in_hurry;
	int ready_fd; /* of daemon_detach(); owned; -1 */
};

/* Makes everything that the configuration names, and starts nothing.  Of `listeners` what is bound
 * already stays.  0, or -1 with err; then supervisor_done() is still due. */
int supervisor_init(struct supervisor *supervisor, struct config *config, struct main_log *main_log,
		    struct listeners *listeners, struct error *err);
void supervisor_done(struct supervisor *supervisor);

/* Supervises until it is told to stop.  `ready_fd` as daemon_detach() gave it, or -1. */
enum exit_status supervisor_run(struct supervisor *supervisor, int ready_fd);

/* The next supervisor_step() comes soon, but never from within the caller. */
void supervisor_plan_step(struct supervisor *supervisor);

/* shutdown.c */
void supervisor_shutdown(struct supervisor *supervisor, enum exit_status status);
void supervisor_restart(struct supervisor *supervisor);
void supervisor_hurry(struct supervisor *supervisor); /* SIGKILL for all that is left */
void supervisor_step(struct supervisor *supervisor);  /* goes on as far as it can */
void supervisor_list_alive(struct supervisor *supervisor);

#endif
