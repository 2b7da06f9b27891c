/* metrics_messages.h - what the supervisor counts and measures, as it goes to the control process:
 * the bodies of CONTROL_SUPERVISOR, _ZYGOTES, _READY and _METRICS (control_messages.h).
 * Runs in: supervisor, control. */
#ifndef IPC_METRICS_MESSAGES_H
#define IPC_METRICS_MESSAGES_H

#include "base/histogram.h"
#include "ipc/rollout_messages.h"

#include <stdint.h>

struct buf;
struct unpack;

/* Why a process is not there any more, or has not come to be. */
enum process_end {
	END_EXPECTED,     /* it exited with one of its exitcodes */
	END_UNEXPECTED,   /* with another status */
	END_SIGNAL,       /* a signal has ended it, unasked */
	END_FAILED_START, /* it could not be spawned, or has exited before startsecs were over */
	END_STOPPED,      /* it was told to */
	END_NREASONS
};

/* Why a process was replaced by another one: the keys that say so. */
enum recycle_reason {
	RECYCLE_MAXAGE,
	RECYCLE_MAXUSS,
	RECYCLE_MAXPSS,
	RECYCLE_MAXRSS,
	RECYCLE_MAX_REQUESTS,
	RECYCLE_NREASONS
};

/* Ways to a new process. */
enum fork_kind { FORK_ZYGOTE, FORK_EXEC, FORK_NKINDS };

struct supervisor_status {
	uint32_t pid;
	uint32_t ready; /* 1: zygotes are imported, groups are started */
	char *identifier;
	char *version;     /* ours */
	char *config_file; /* absolute */
	uint64_t start;    /* seconds since the epoch */
	uint64_t uptime_us;
	uint64_t cpu_us;
	uint64_t rss_bytes;
	uint64_t rollouts[ROLLOUT_NOUTCOMES]; /* that have ended so; [OUTCOME_NONE] is 0 */
};

enum zygote_verdict {
	AUDIT_VERDICT_NONE, /* no report yet, or `audit = off` */
	AUDIT_VERDICT_CLEAN,
	AUDIT_VERDICT_VIOLATIONS,
	AUDIT_VERDICT_IMPORT_FAILED,
	AUDIT_VERDICT_NO_AUDIT, /* it could not run */
	AUDIT_NVERDICTS
};

/* enum zygote_state's order is the supervisor's own; this one is the protocol's. */
enum zygote_condition {
	CONDITION_DOWN,
	CONDITION_IMPORTING,
	CONDITION_READY,
	CONDITION_STOPPING,
	ZYGOTE_NCONDITIONS
};

struct zygote_status {
	char *name;
	char *python;  /* the interpreter's path; NULL: it was not looked for yet */
	char *version; /* "3.11"; the same */
	uint32_t condition;
	uint32_t pid; /* 0: none */
	uint32_t verdict;
	uint32_t violations; /* new ones, of the last report */
	uint64_t starts;
	uint64_t audit_us;  /* of the last report: from the start to it; 0: none yet */
	uint64_t import_us; /* of the last import that was forked from; 0: none yet */
	uint32_t workers;   /* that run */
	uint32_t spares;    /* forked, and not wanted yet */
	uint32_t generation;
};

/* Counters begin at 0 when the process is configured. */
struct process_metrics {
	char *group, *name;
	uint32_t state;     /* supervisord's number */
	uint64_t uptime_us; /* 0: it does not run */
	uint64_t starts;
	uint64_t ends[END_NREASONS];     /* by reason */
	uint64_t restarts[END_NREASONS]; /* it was started again by itself, by reason of the end */
	uint64_t recycled[RECYCLE_NREASONS]; /* another one has taken its place, by reason */
	uint64_t out_bytes, out_dropped, err_bytes, err_dropped; /* of its logs */
	uint64_t pss_bytes, uss_bytes, rss_bytes;
	uint64_t memory_age_us; /* since they were read; MEMORY_UNKNOWN: they were not */
};

#define MEMORY_UNKNOWN UINT64_MAX

/* What keeps the whole from being ready. */
struct unready {
	char *name; /* "group:process", "zygote:name" */
	char *why;  /* "BACKOFF: Exited too quickly" */
};

/* As in control_messages.h: `unpack` leaves the reader behind what it has read, and `done` is legal
 * whatever it has met. */
void supervisor_status_pack(struct buf *buf, const struct supervisor_status *status);
void supervisor_status_unpack(struct supervisor_status *status, struct unpack *in);
void supervisor_status_done(struct supervisor_status *status);

void zygote_status_pack(struct buf *buf, const struct zygote_status *status);
void zygote_status_unpack(struct zygote_status *status, struct unpack *in);
void zygote_status_done(struct zygote_status *status);

void process_metrics_pack(struct buf *buf, const struct process_metrics *metrics);
void process_metrics_unpack(struct process_metrics *metrics, struct unpack *in);
void process_metrics_done(struct process_metrics *metrics);

void histogram_pack(struct buf *buf, const struct histogram *histogram);
void histogram_unpack(struct histogram *histogram, struct unpack *in);

void unready_pack(struct buf *buf, const struct unready *unready);
void unready_unpack(struct unready *unready, struct unpack *in);
void unready_done(struct unready *unready);

#endif
