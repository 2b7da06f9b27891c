/* batch.h - a piece of one stream's output, made ready for all that it goes to.
 * Runs in: logger.
 *
 * It comes out of the pipe only when everybody has taken it. */
#ifndef LOGGER_BATCH_H
#define LOGGER_BATCH_H

#include "base/buf.h"
#include "logger/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datagrams;
struct log_stream;
struct sink;
struct uplink;

/* What is to go somewhere, and how much of it has gone. */
struct parcel {
	struct buf bytes;
	size_t at;
};

struct batch {
	struct parcel file;
	struct parcel syslog, journal; /* datagrams, each behind its length (u32) */
	struct parcel event;           /* LOG_DATA */
	struct parcel captured;        /* LOG_DATA, captured */
	bool is_captured;              /* there is one; it may be empty */
	size_t take;                   /* bytes in the pipe that it is made of */
};

/* Where it may go; borrowed. */
struct batch_targets {
	struct sink *sink;
	struct datagrams *syslog, *journal;
	struct uplink *uplink;
	const struct log_stream *stream;
};

struct batch *batch_new(void);
void batch_free(struct batch *batch); /* NULL is allowed */
void batch_clear(struct batch *batch);

/* Adds a line in the stream's format, and to syslog and the journal if it goes there. */
void batch_add_line(struct batch *batch, const struct log_stream *stream, const struct stamp *stamp,
		    const struct line *line);

/* Ran out of memory on the way. */
bool batch_failed(const struct batch *batch);

/* Sends as much as is taken.  0: all; -EAGAIN: somebody takes nothing now, and it goes on when it
 * is called again. */
int batch_push(struct batch *batch, const struct batch_targets *to);

/* Throws away what is left of it; the number of bytes that a file or the like does not get. */
size_t batch_drop(struct batch *batch, const struct batch_targets *to);

#endif
