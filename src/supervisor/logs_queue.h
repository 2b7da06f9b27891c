/* logs_queue.h - what the parts of logs.h, logs.c, log_pipe.c and logs_jobs.c, know of each other.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_LOGS_QUEUE_H
#define SUPERVISOR_LOGS_QUEUE_H

#include "supervisor/logs.h"

struct buf;

#define LOGS_RETRY_SECONDS 5 /* a stream that no logger could take */

enum pipe_state { PIPE_NEW, PIPE_ASKED, PIPE_READY, PIPE_LOST, PIPE_LEAVING };
enum { MARK_ADD = 1, MARK_PID = 2, MARK_REMOVE = 4, MARK_CHANGE = 8 };

struct log_pipe {
	struct logs *logs;       /* borrowed */
	struct process *process; /* borrowed; NULL: the main log, or it is gone */
	struct log_pipe *next;   /* of those with marks */
	char *automatic;         /* owned; the name of its file is ours */
	struct buf *farewell;    /* owned; its LOG_ADD, when the process is gone */
	int ends[2];             /* owned; of the pipe; -1 */
	uint32_t id;
	pid_t pid;
	uint8_t state;
	uint8_t marks;   /* what the logger is to be told */
	uint8_t channel; /* enum log_channel */
	bool proven;     /* a logger has had it once */
	bool created;    /* automatic: the file is there */
	bool dropped;
	bool orphan;                   /* it is no more, but for who has borrowed it */
	unsigned borrowers;            /* processes that share it: replace.h */
	uint64_t bytes, bytes_dropped; /* as the loggers have counted them */
};

/* Messages about a stream carry its id and this bit, jobs a number without it. */
#define LOGS_STREAM_BIT 0x80000000u
#define LOGS_CHANGE_BIT 0x40000000u /* with the other: it is the answer to LOG_CHANGE */

/* logs.c */
void logs_flush(struct logs *logs); /* sends what can be sent now */
void logs_await(struct logs *logs); /* something is asked for: watches the time */
struct log_pipe *logs_pipe(const struct logs *logs, uint32_t id); /* or NULL */

/* log_pipe.c */
struct log_pipe *log_pipe_main(struct logs *logs); /* a new one, with the id LOG_MAIN */
void log_pipe_free(struct log_pipe *pipe);
bool log_pipe_is_known(const struct log_pipe *pipe); /* by the logger, or soon */
void log_pipe_add(struct log_pipe *pipe);            /* the logger shall be told of it */
int log_pipe_send(struct log_pipe *pipe);            /* all that is marked; 0 or -errno */
void log_pipe_unmark(struct log_pipe *pipe);
void log_pipe_changed(const struct log_pipe *pipe, int error, const char *why);
void log_pipe_added(struct log_pipe *pipe, int error, const char *why); /* answer to LOG_ADD */

/* logs_jobs.c */
bool logs_jobs_send(struct logs *logs); /* false: the channel takes no more now */
bool logs_jobs_idle(const struct logs *logs);
int logs_jobs_answer(struct logs *logs, uint32_t id, int error, const char *why, int fd);
void logs_jobs_requeue(struct logs *logs);               /* the logger that had them is dead */
void logs_jobs_fail(struct logs *logs, const char *why); /* a literal */
void logs_jobs_expire(struct logs *logs, int64_t now_ms);
void logs_jobs_finish(struct logs *logs); /* calls the done() that are due */
void logs_jobs_forget(struct logs *logs); /* all are IDLE */

#endif
