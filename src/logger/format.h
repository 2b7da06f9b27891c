/* format.h - one line as it is written: with a prefix, as JSON, for syslog, for the journal.
 * Runs in: logger.  Pure.
 *
 * A line cannot be forged: text lines are always prefixed and hold no control characters but tabs
 * and escapes, and JSON is escaped.  A line that was cut has "+" for "|" before each further
 * piece, and "partial": true in JSON. */
#ifndef LOGGER_FORMAT_H
#define LOGGER_FORMAT_H

#include "logger/lines.h"

#include <time.h>

#define FORMAT_SYSLOG_MAX ((size_t)8 << 10) /* bytes of text that a datagram may hold */

struct log_stream;

struct stamp {
	char text[32];   /* "2026-01-31 23:59:59,999" */
	char iso[40];    /* "2026-01-31T23:59:59.999+01:00" */
	char syslog[24]; /* "Jan 31 23:59:59", in English */
};

void stamp_set(struct stamp *stamp, const struct timespec *now);

/* Each appends one line, or one datagram without a frame. */
void format_text(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		 const struct line *line);
void format_json(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		 const struct line *line);
void format_syslog(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		   const struct line *line);
void format_journal(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		    const struct line *line);

#endif
