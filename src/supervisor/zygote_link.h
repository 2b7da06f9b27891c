/* zygote_link.h - one zygote as the supervisor sees it: starts it, asks it for workers, starts it
 * again.  Runs in: supervisor.
 *
 *   DOWN ──start──► IMPORTING ──READY──► READY
 *    ▲                  │ died             │ died, or refused to fork
 *    └──── back-off ────┴──────────────────┘        any ──stop──► STOPPING ──dead──► DOWN
 *
 * Spawn tickets wait in a queue until the zygote is READY.  A zygote that dies takes no worker with
 * it: tickets that it has not answered go back to the queue, and a worker that it had forked for
 * one of them sees its gate close and exits. */
#ifndef SUPERVISOR_ZYGOTE_LINK_H
#define SUPERVISOR_ZYGOTE_LINK_H

#include "base/buf.h"
#include "report/verdict.h"
#include "supervisor/exit_status.h"
#include "supervisor/interpreter.h"
#include "supervisor/meter.h"
#include "supervisor/reaper.h"
#include "supervisor/sample.h"
#include "supervisor/user.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct config_daemon;
struct config_zygote;
struct error;
struct message;
struct spare;
struct zygote_link;

enum zygote_state {
	ZYGOTE_DOWN,
	ZYGOTE_IMPORTING,
	ZYGOTE_DYING, /* dead while importing; its tracer may be about to say why */
	ZYGOTE_READY,
	ZYGOTE_STOPPING,
};

/* One wish for a worker; embedded in the process that wants it. */
struct spawn_ticket {
	struct spawn_ticket *next;
	enum { TICKET_IDLE, TICKET_QUEUED, TICKET_SENT } state;
	uint32_t id; /* of the message, while SENT */
	int gate;    /* write end, while SENT; owned; -1 */

	/* Called when it is sent: the packed struct spawn_request (borrowed) and the fds that go
	 * with it but the gate, which the link closes.  0, or -1 with err: then done() is called.
	 */
	int (*fill)(struct spawn_ticket *ticket, const struct buf **body, int *fds, size_t *nfds,
		    struct error *err);

	/* The answer; the ticket is IDLE.  pid > 0: a worker that waits for one byte on `gate`,
	 * which is now the callee's to close.  Else `error` says why not, and `blameless` that it
	 * is not this process's fault. */
	void (*done)(struct spawn_ticket *ticket, pid_t pid, int gate, const char *error,
		     bool blameless);
};

/* What the owner of links provides; borrowed. */
struct zygote_host {
	struct ev_loop *loop;
	struct reaper *reaper;
	const struct config_daemon *daemon;
	struct config *const *latest; /* the configuration that was read last */
	int report_fd; /* reports of first starts go here as they are; -1: into the log */
	bool color;
	bool background; /* the terminal is to be let go of: what an import says reaches nobody */

	/* A first start has ended: status is EXIT_CLEAN (it is READY) or why it is not. */
	void (*first)(struct zygote_host *host, struct zygote_link *link, enum exit_status status);
	/* It was told to stop and has. */
	void (*stopped)(struct zygote_host *host, struct zygote_link *link);
};

struct zygote_link {
	struct config *base;                /* one reference: what config points into */
	const struct config_zygote *config; /* borrowed from base */
	struct zygote_host *host;           /* borrowed */
	unsigned users;                     /* processes that are forked from it */
	unsigned generation;                /* from 1: how many of this name have been begun */
	unsigned latest; /* of all of its name, while it is the one that is found */
	unsigned holds;  /* rollouts that may still need it */
	bool candidate;  /* it is imported beside the one that serves: see zygotes.h */
	bool leaving;    /* it is needed no more: see zygotes.h */
	enum zygote_state state;
	struct interpreter interpreter; /* found at the first start */
	struct user user;
	char **environment; /* owned */

	pid_t pid;   /* 0: none */
	int channel; /* owned; -1 */
	struct reaper_watch watch;
	ev_io input, output;
	ev_timer timer; /* what is due next: a start (DOWN), READY, an answer, its exit */

	struct spawn_ticket *queue; /* borrowed; first is next */
	struct spawn_ticket *queue_last;
	struct spawn_ticket *sent; /* borrowed; unanswered */
	unsigned in_flight;        /* requests without an answer, cancelled ones too */
	struct spare *spares;      /* owned; see spares.h */
	unsigned spares_wanted;    /* by all programs */
	unsigned wasted_spares;    /* that have died unused, since one was used */
	uint32_t last_id;

	bool proved;   /* it was READY once: from now on it is started again, whatever happens */
	bool reported; /* this start has sent its report */
	char how[64];  /* DYING: how it ended */
	pid_t remains; /* DYING: the process group that it had; 0: none */
	unsigned failures; /* starts in a row that did not become READY, or refused to fork */
	ev_tstamp started; /* loop time of the last start */
	uint64_t starts;
	int64_t launched_us; /* CLOCK_MONOTONIC; the last one */
	uint64_t audit_us;   /* from a start to its report; of the last report, 0: none */
	uint64_t import_us;  /* of the last one that became READY; 0: none */
	struct verdict_summary summary; /* of the last report */
	struct measured cost;           /* as measured last */
	struct sample sample;           /* the same */
};

void zygote_link_init(struct zygote_link *link, struct zygote_host *host,
		      const struct config_zygote *config);
void zygote_link_done(struct zygote_link *link); /* stops the watchers, closes the channel */

/* Finds the interpreter and starts the first import.  0; or an exit status with the reason in err.
 * Later starts happen by themselves. */
int zygote_link_start(struct zygote_link *link, struct error *err);

/* Ends it: at once while it imports, otherwise by closing the channel, and by SIGKILL if that does
 * not help.  stopped() follows, at once if it is down already. */
void zygote_link_stop(struct zygote_link *link);
void zygote_link_kill(struct zygote_link *link); /* somebody is in a hurry */

void zygote_link_spawn(struct zygote_link *link, struct spawn_ticket *ticket);

/* A worker of this kind (struct spawn_request), forked by start number `start`, has begun.  The
 * first one of which the zygote is told is a model for the next ones (zygote/prefault.h). */
void zygote_link_model(struct zygote_link *link, uint64_t start, char *kind, pid_t pid);

/* So many workers are to be forked before anybody wants them: spares.h. */
void zygote_link_want_spares(struct zygote_link *link, unsigned n);

/* A zygote that was added to a running supervisor, and whose import or audit has failed: all who
 * wait for it are told so.  The next one who asks for a worker has it imported once more. */
void zygote_link_refuse(struct zygote_link *link);

/* Takes it back; done() will not be called, and a worker that comes of it will not run. */
void zygote_link_cancel(struct zygote_link *link, struct spawn_ticket *ticket);

#endif
