/* lines.h - cuts text that comes in pieces into lines.
 * Runs in: logger.  Pure. */
#ifndef LOGGER_LINES_H
#define LOGGER_LINES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define LINES_MAX ((size_t)16 << 10) /* bytes; a longer line is cut into pieces */

/* Zero-initialised: at the beginning of a line. */
struct lines {
	struct buf partial; /* of a line that has not ended */
	size_t used;        /* bytes of it that the last line returned is made of */
	bool within;        /* pieces of that line are out already */
};

struct line {
	const char *text; /* borrowed; without the end of line */
	size_t len;
	bool first; /* the line begins with it */
	bool last;  /* the line ends with it */
};

/* The next line or piece of one, from *data on, which is moved on.  false: none; what is left is
 * kept.  A piece never ends within a UTF-8 sequence. */
bool lines_next(struct lines *lines, const char **data, size_t *len, struct line *ret);

/* What is kept, as a piece; `last`: as if its line ended here.  false: nothing. */
bool lines_flush(struct lines *lines, bool last, struct line *ret);

/* After either has returned a line, when it has been used. */
void lines_used(struct lines *lines);

/* How much of data makes whole lines or pieces; 0: none does. */
size_t lines_whole(const char *data, size_t len);

#endif
