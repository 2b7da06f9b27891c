/* logs.h - every stream of output, and what is asked of the logger that reads and writes them all.
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
#include "supervisor/logger_link.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config_daemon;
struct error;
struct log_pipe;
struct logs;
struct main_log;
struct process;

/* ---- what is asked ---- */

/* Something that is asked of the logger; embedded in whoever asks, who sets done().
 *
 * done() is called once, never from within the call that asked: error is 0, or an errno with `why`
 * in words (borrowed).  fd >= 0: what logs_open() has opened, the callee's to close.  ETIMEDOUT
 * comes after LOG_JOB_SECONDS.  The job is free to be used again by then. */
struct log_job {
	void (*done)(struct log_job *job, int error, const char *why, int fd);
	struct log_job *next; /* from here on it is ours; zeroed at first */
	enum { LOG_JOB_IDLE, LOG_JOB_QUEUED, LOG_JOB_SENT, LOG_JOB_FINISHED } state;
	uint32_t type; /* enum log_message */
	uint32_t stream;
	uint32_t id;      /* of the message */
	int64_t asked_ms; /* CLOCK_MONOTONIC */
	int error;        /* FINISHED: what done() will get */
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
void logs_cancel(struct logs *logs, struct log_job *job); /* no done(); legal while IDLE */

/* Asks how much has been written; what the logger says is added when it comes.  It does nothing if
 * there is no logger, or an earlier answer has not come. */
void logs_count(struct logs *logs);

/* ---- one stream ---- */

enum log_channel { LOG_STDOUT, LOG_STDERR, LOG_NCHANNELS };

/* The stream of a process, in state NEW.  0 and *ret_pipe, which is NULL if none is needed: the
 * output goes nowhere, or is stderr that goes where stdout does.  Or -1 with err. */
int log_pipe_new(struct logs *logs, struct process *process, enum log_channel channel,
		 struct log_pipe **ret_pipe, struct error *err);

/* The slot is gone.  What is in the pipe is still written, and then it is freed. */
void log_pipe_drop(struct log_pipe *pipe);

/* Before each start.  0: it can be written into; 1: the logger was asked, and host->answered() will
 * be called; or -errno with err. */
int log_pipe_prepare(struct log_pipe *pipe, struct error *err);
int log_pipe_end(const struct log_pipe *pipe); /* the write end; borrowed; -1: it is dropped */
void log_pipe_pid(struct log_pipe *pipe, pid_t pid); /* who writes from now on */

/* The process's configuration is another one, with a file of the same kind (none, automatic, named)
 * as before: the logger is told.  If it cannot open a new file it keeps the old one, and that is
 * logged. */
void log_pipe_change(struct log_pipe *pipe);
void logs_change_main(struct logs *logs); /* the same for the main log */

/* Another process of the same name writes into it as well, and may still have it when it is
 * dropped. NULL is legal. */
struct log_pipe *log_pipe_borrow(struct log_pipe *pipe);
void log_pipe_return(struct log_pipe *pipe);

/* It is the stream of another process of the same name from now on; NULL is legal. */
void log_pipe_adopt(struct log_pipe *pipe, struct process *process);

/* LEVEL_DEBUG is wanted now, or no longer: with it all output is in the main log as well. */
void logs_change_level(struct logs *logs);

/* These take NULL, which is the stream of output that is not logged. */
uint32_t log_pipe_id(const struct log_pipe *pipe);
const char *log_pipe_path(const struct log_pipe *pipe); /* NULL: no file; borrowed */
bool log_pipe_is_ready(const struct log_pipe *pipe);

/* Bytes that came out of it since it was made, and how many of them were dropped, as far as
 * logs_count() has heard. */
void log_pipe_counts(const struct log_pipe *pipe, uint64_t *ret_bytes, uint64_t *ret_dropped);

/* ---- all of them ---- */

/* What the owner provides. */
struct logs_host {
	/* The stream that a start waits for can be written into, or `why` not; `blameless`: the
	 * logger is not there. */
	void (*answered)(struct logs *logs, struct process *process, const char *why,
			 bool blameless);
	/* A piece of output for an event. */
	void (*data)(struct logs *logs, struct process *process, enum log_channel channel,
		     const struct log_data *data);
	void (*ended)(struct logs *logs); /* after logs_end() */
};

struct log_jobs {
	struct log_job *first; /* borrowed */
	struct log_job *last;
};

/* Embedded. */
struct logs {
	const struct logs_host *host; /* borrowed, as the next three */
	struct ev_loop *loop;
	const struct config_daemon *daemon;
	struct main_log *main_log; /* NULL: the supervisor's own lines do not go to the logger */
	struct logger_link link;

	struct log_pipe **pipes; /* owned; by id; NULL: free */
	uint32_t npipes;         /* room */
	uint32_t hint;           /* no id below is free */
	struct log_pipe *marked; /* first is next */
	struct log_pipe *marked_last;
	unsigned lost; /* streams that could not be given to a new logger */

	struct log_jobs queue, sent, finished;
	uint32_t last_id;
	ev_timer finish;  /* done() of what is finished */
	ev_timer tick;    /* deadlines, while anything is awaited */
	unsigned asked;   /* LOG_ADD and LOG_REMOVE without an answer */
	int64_t heard_ms; /* of the last message, or since something is awaited */
	bool stalled;     /* that it does not answer was said */
	bool counting;    /* LOG_COUNT is unanswered */
	bool ending;
};

void logs_init(struct logs *logs, const struct logs_host *host, struct ev_loop *loop,
	       struct reaper *reaper, const struct config_daemon *daemon);
void logs_done(struct logs *logs); /* frees what is left; no done() of a job is called */

/* Starts the logger.  With main_log its lines go there as soon as the logger has the file. */
int logs_start(struct logs *logs, struct main_log *main_log, struct error *err);

/* All has been said: the logger writes what there is, and exits; ended() follows, if it does not,
 * after a while. */
void logs_end(struct logs *logs);

#endif
