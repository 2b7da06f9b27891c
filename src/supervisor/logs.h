/* logs.h - every stream of output, and the way to the logger that reads and writes them all.
 * Runs in: supervisor.  Opens no log itself, and never waits for the logger.
 *
 * A process has a stream for stdout and one for stderr.  Both ends of its pipe are kept as long as
 * the process's slot exists, over all its restarts, so that what a killed logger had not read is
 * read by the next one.  The pipe is made, and the logger is told of it, at the first start:
 *
 *   NEW ──first start──► ASKED ──LOG_DONE: 0──► READY ──slot is gone──► LEAVING ──LOG_DONE──► free
 *    ▲                     │  ▲                   │
 *    └── LOG_DONE: why not ┘  └── logger is dead ─┘
 *
 * Nothing is queued for the logger but marks on streams and the callers' jobs, so the queue cannot
 * outgrow what exists. */
#ifndef SUPERVISOR_LOGS_H
#define SUPERVISOR_LOGS_H

#include "ipc/log_messages.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config_daemon;
struct config_log;
struct config_program;
struct error;
struct log_pipe;
struct logs;
struct process;

/* Something that is asked of the logger; embedded in whoever asks, who sets done().
 *
 * done() is called once, never from within the call that asked: error is 0, or an errno with `why`
 * in words (borrowed).  fd >= 0: what logs_open() has opened, the callee's to close.  -ETIMEDOUT
 * comes after LOG_JOB_SECONDS.  The job is free to be used again by then. */
struct log_job {
	void (*done)(struct log_job *job, int error, const char *why, int fd);
	struct log_job *next; /* the rest is ours; zeroed at first */
	enum { LOG_JOB_IDLE, LOG_JOB_QUEUED, LOG_JOB_SENT, LOG_JOB_FINISHED } state;
	uint32_t type; /* enum log_message */
	uint32_t stream;
	uint32_t id;      /* of the message */
	int64_t asked_ms; /* CLOCK_MONOTONIC */
	int error;        /* while FINISHED */
	const char *why;  /* a literal */
};

#define LOG_JOB_SECONDS 10

/* `stream` is log_pipe_id()'s, or LOG_MAIN; with rotate and reopen LOG_ALL as well.  What has never
 * been started has nothing to clear, rotate or reopen: that is a success.  logs_open() then opens
 * what an earlier run has left; ENOENT: nothing. */
void logs_open(struct logs *logs, uint32_t stream, struct log_job *job);
void logs_clear(struct logs *logs, uint32_t stream, struct log_job *job);
void logs_rotate(struct logs *logs, uint32_t stream, struct log_job *job);
void logs_reopen(struct logs *logs, uint32_t stream, struct log_job *job);
/* Done when all that is in the stream's pipe now is written, and its LOG_DATA have come. */
void logs_sync(struct logs *logs, uint32_t stream, struct log_job *job);
void logs_cancel(struct logs *logs,
		 struct log_job *job); /* done() will not be called; IDLE: legal */

/* One stream's number and file.  NULL is what a process has whose output goes nowhere, or to its
 * other stream: then there is nothing to open or to clear. */
uint32_t log_pipe_id(const struct log_pipe *pipe);
const char *log_pipe_path(const struct log_pipe *pipe); /* NULL: none; borrowed */

#endif
