/* peek.h - reads a pipe without taking anything out of it.
 * Runs in: logger.
 *
 * What was read is taken out only when it has been written to where it belongs: a logger that is
 * killed in between leaves it to the next one. */
#ifndef LOGGER_PEEK_H
#define LOGGER_PEEK_H

#include <stddef.h>
#include <sys/types.h>

#define PEEK_MAX ((size_t)64 << 10) /* bytes, of one look */

struct peek {
	int copy[2]; /* owned: a pipe for tee(2), empty between calls */
	int null;    /* owned: /dev/null */
	char *data;  /* owned: PEEK_MAX bytes, what peek_look() saw */
};

/* 0 or -errno. */
int peek_init(struct peek *peek);
void peek_done(struct peek *peek);

/* The first bytes in the pipe, at most max, into peek->data.  0: it has ended; -EAGAIN: empty. */
ssize_t peek_look(struct peek *peek, int pipe, size_t max);

/* Takes n bytes out, which are known to be there. */
void peek_take(struct peek *peek, int pipe, size_t n);

/* Bytes in the pipe now. */
size_t peek_size(int pipe);

#endif
