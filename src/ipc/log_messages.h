/* log_messages.h - every message between the supervisor and the logger, and what its body holds.
 * Runs in: supervisor, logger.
 *
 *   supervisor                                logger
 *      LOG_ADD, LOG_CHANGE ─────────────────────►   with the read end of the stream's pipe
 *      ◄───────────────────────────────── LOG_DONE  same id: 0, or why it cannot be written
 *      LOG_OPEN ────────────────────────────────►
 *      ◄─────────────────────────────── LOG_OPENED  same id; the file, for reading
 *      LOG_CLEAR, LOG_ROTATE, LOG_REOPEN, LOG_REMOVE, LOG_SYNC ►
 *      ◄───────────────────────────────── LOG_DONE  same id
 *      LOG_PID ─────────────────────────────────►   no answer
 *      LOG_COUNT ───────────────────────────────►
 *      ◄────────────────────────────── LOG_COUNTED
 *      ◄─────────────────────── LOG_DATA, LOG_NOTE  at any time
 *      LOG_END ─────────────────────────────────►   writes all that is there, and exits
 *
 * A stream that cannot be added is not known: it may be added again.  Messages are read before
 * pipes are, so that who a stream's LOG_PID names is who wrote what is read after it.
 *
 * A stream is one pipe for the whole life of a supervised process's slot, over all its restarts.
 * The supervisor keeps both ends as well: a logger that dies is started again, is sent every
 * LOG_ADD once more, and goes on where the dead one stopped, as what it had not read is still in
 * the pipe.  A channel that ends without LOG_END means that the supervisor has died: the logger
 * goes on until every pipe has come to its end.
 *
 * What waits for bytes in a pipe (OPEN, CLEAR, SYNC, REMOVE, PID, END) waits a few seconds if a
 * sink takes nothing, and is then done all the same; SYNC and REMOVE answer ETIMEDOUT.  Formats are
 * by line: the end of an unfinished one stays in the pipe for a second, or until LOG_PID, which
 * ends it. LOG_PID of another process also ends an open capture and an unfinished escape sequence.
 */
#ifndef IPC_LOG_MESSAGES_H
#define IPC_LOG_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum log_message {
	MESSAGE_LOG_ADD =
		32,         /* struct log_stream; fds: the pipe's read end, and the sink if `own` */
	MESSAGE_LOG_CHANGE, /* struct log_stream of a known id; fds: the sink if `own` */
	MESSAGE_LOG_REMOVE, /* u32 stream; what is in the pipe is written first */
	MESSAGE_LOG_OPEN,   /* u32 stream, str path; the same.  path is NULL, but for a stream that
			       the logger does not know: what an earlier run has left there */
	MESSAGE_LOG_CLEAR,  /* u32 stream; empties its file in place: who reads it sees that */
	MESSAGE_LOG_ROTATE, /* u32 stream, or LOG_ALL; an empty file is left alone */
	MESSAGE_LOG_REOPEN, /* u32 stream, or LOG_ALL */
	MESSAGE_LOG_SYNC,   /* u32 stream; answered when all that is in the pipe now is written and
			       its LOG_DATA are sent */
	MESSAGE_LOG_PID,  /* u32 stream, u32 pid: who writes into it from now on; 0: somebody whose
			     pid follows, or nobody */
	MESSAGE_LOG_END,  /* empty */
	MESSAGE_LOG_DONE, /* u32 errno or 0, str why ("cannot open /x/y.log: Permission denied") */
	MESSAGE_LOG_OPENED,  /* the same; fds: on success the file, read-only, at offset 0 */
	MESSAGE_LOG_DATA,    /* struct log_data */
	MESSAGE_LOG_NOTE,    /* u32 enum log_level, str text: for the main log */
	MESSAGE_LOG_COUNT,   /* empty */
	MESSAGE_LOG_COUNTED, /* u32 n, n × (u32 stream, u64 bytes read, u64 bytes dropped, as they
				would have been written), since the last time; of the streams where
				there is anything to tell */
};

#define LOG_MAIN 0u        /* the main log's stream */
#define LOG_ALL UINT32_MAX /* every stream, the main log too */

enum log_format {
	LOG_RAW,
	LOG_TEXT, /* "2026-01-31 23:59:59,999 web:web_0 stdout | line\n" */
	LOG_JSON, /* {"time": "…", "group": …, "process": …, "pid": …, "stream": …, "message": …} */
};

enum log_stall {
	LOG_BLOCK, /* what the sink does not take stays in the pipe; the program waits */
	LOG_DROP,  /* it is thrown away and counted */
};

enum log_rotate_period { LOG_NEVER, LOG_HOURLY, LOG_DAILY, LOG_WEEKLY, LOG_MONTHLY };

/* One stream and where it goes.  Every sink that is set gets every byte.  Two streams with the
 * same path share one file, whose rotation the first of them chooses. */
struct log_stream {
	uint32_t id;
	char *group;
	char *process; /* NULL: the main log */
	char *channel; /* "stdout", "stderr"; NULL: the main log */
	char *path;    /* absolute; NULL: no file */
	uint32_t own;  /* 1: the sink comes as an fd (/dev/stdout and the like); path is only a name
			*/
	uint32_t create;     /* 1: the name is ours (AUTO): it must not exist when first added */
	uint64_t maxbytes;   /* bytes; 0: no rotation by size */
	uint32_t backups;    /* 0: rotating empties the file */
	uint32_t period;     /* enum log_rotate_period, local time */
	uint32_t compress;   /* 1: backups but the newest are gzipped */
	uint32_t format;     /* enum log_format */
	uint32_t stall;      /* enum log_stall */
	uint32_t strip_ansi; /* 1: without escape sequences */
	uint32_t syslog;     /* 1: to syslog(3)'s socket as well */
	uint32_t journald;   /* 1: to the journal as well */
	uint32_t events;     /* 1: LOG_DATA for all that is read */
	uint64_t capture_maxbytes; /* > 0: LOG_DATA for what stands between the capture tags */
	uint32_t pid;              /* who writes into it now; 0: nobody */
};

/* A piece of output for an event. */
struct log_data {
	uint32_t stream;
	uint32_t pid;
	uint32_t captured; /* 1: PROCESS_COMMUNICATION, else PROCESS_LOG */
	char *data;        /* owned; may hold NULs */
	size_t len;
};

void log_stream_pack(struct buf *buf, const struct log_stream *stream);
int log_stream_unpack(struct log_stream *stream, const void *data, size_t len);
void log_stream_done(struct log_stream *stream);

void log_data_pack(struct buf *buf, const struct log_data *data);
int log_data_unpack(struct log_data *data, const void *body, size_t len);
void log_data_done(struct log_data *data);

#endif
