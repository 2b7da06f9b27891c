/* sink.h - one file, FIFO, terminal or pipe that streams are written to.
 * Runs in: logger.
 *
 * Streams with the same path share one sink.  A sink that takes nothing now (a full pipe, a full
 * disk) is *stalled*: it says so once, tries again by itself, and tells its streams when it goes
 * on.  Regular files are written at their end, wherever that is now: somebody else may have
 * truncated the file or written to it. */
#ifndef LOGGER_SINK_H
#define LOGGER_SINK_H

#include "logger/compress.h"

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct error;
struct log_stream;
struct sinks;
struct stat;

enum sink_kind {
	SINK_FILE,   /* a regular file of that path: seekable, rotated */
	SINK_WRITE,  /* anything else that write(2) works on */
	SINK_SOCKET, /* send(2), as others may use its file description */
};

struct sink {
	struct sink *next;   /* owned by struct sinks */
	struct sinks *sinks; /* borrowed */
	unsigned users;
	char *path; /* owned */
	bool own;   /* came as an fd; there is no path */
	enum sink_kind kind;
	int dir;            /* owned: O_PATH; -1 if own */
	int fd;             /* owned */
	bool polite;        /* a description that may block: poll(2) first, write little */
	const void *holder; /* who is in the middle of something; NULL: nobody */
	bool no_splice;     /* this file system cannot */
	dev_t dir_dev;      /* with the last component: which sink it is */
	ino_t dir_ino;
	time_t reopen_after; /* a removed file could not be made again */

	uint32_t chooser; /* the stream that chose what follows */
	uint64_t maxbytes;
	uint32_t backups;
	uint32_t period; /* enum log_rotate_period */
	bool compress;
	time_t boundary;     /* when it is due; 0: never */
	time_t rotate_after; /* a rotation failed: not before this is it tried again */
	bool rotation_noted;
	bool unpacked;         /* there may be backups to compress */
	time_t compress_after; /* the same for compressing */

	bool gone;   /* nobody reads it any more: what is written vanishes */
	bool noted;  /* the trouble, in the main log */
	int trouble; /* errno while stalled, else 0 */
	ev_io writable;
	ev_timer retry;
	double pause; /* seconds until the next try */
};

/* All sinks.  Embedded in the logger. */
struct sinks {
	struct ev_loop *loop;                           /* borrowed */
	struct sink *first;                             /* owned */
	void (*resumed)(struct sinks *, struct sink *); /* it may take something again */
	void (*note)(struct sinks *, int level, const char *text);
	struct compressor compressor;
	struct packing *packing; /* owned: what it is at; NULL: nothing */
};

void sinks_init(struct sinks *sinks, struct ev_loop *loop);
void sinks_done(struct sinks *sinks);

/* The sink of a stream's path, opened if it is not there yet; `own` is taken over, -1: none.
 * 0 or -errno with err.  A stream without a path has none: *ret is NULL. */
int sinks_get(struct sinks *sinks, const struct log_stream *stream, int own, struct sink **ret,
	      struct error *err);
void sink_put(struct sink *sink); /* NULL is allowed; the last user closes it */

/* Bytes written, maybe fewer than asked for; -EBUSY: stalled. */
ssize_t sink_write(struct sink *sink, const void *data, size_t len);

/* The same for text that another stream's must not come into the middle of: until all of it is
 * written, -EBUSY for others.  `who` tells them apart. */
ssize_t sink_write_whole(struct sink *sink, const void *data, size_t len, const void *who);
void sink_release(struct sink *sink, const void *who); /* it writes no more of it */

/* Moves bytes out of a pipe into a SINK_FILE.  0: the pipe has ended; -EAGAIN: it is empty;
 * -EBUSY: stalled; -EINVAL: cannot be done here, write instead. */
ssize_t sink_splice(struct sink *sink, int pipe, size_t max);

/* Empties the file.  0 or -errno with err. */
int sink_clear(struct sink *sink, struct error *err);

/* Makes it the newest backup, and begins a new file; nothing to do for an empty one. */
int sink_rotate(struct sink *sink, struct error *err);

/* Closes it, and opens its path again. */
int sink_reopen(struct sink *sink, struct error *err);

/* A read-only fd of the file, which is the caller's; or -errno with err. */
int sink_open_to_read(struct sink *sink, struct error *err);

/* The same for a file that no stream writes to: what an earlier run has left. */
int sink_open_left(const char *path, struct error *err);

#endif
