/* buf.h - a growable array of bytes, always followed by a NUL that is not counted.
 * Runs in: every process. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised is a valid empty buffer.  Running out of memory is sticky: `failed` is set,
 * further appends do nothing, and the owner checks once at the end. */
struct buf {
	char *data;  /* owned; NULL while nothing was appended */
	size_t len;  /* bytes in use */
	size_t cap;  /* bytes allocated */
	bool failed; /* an append did not fit into memory or below BUF_MAX */
};

#define BUF_MAX ((size_t)256 << 20) /* no input of ours may grow a buffer beyond this */

void buf_done(struct buf *buf);  /* frees; the buffer is empty and usable again */
void buf_clear(struct buf *buf); /* empties, keeps the memory */
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_addstr(struct buf *buf, const char *text);
void buf_addch(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list ap);

/* "" when empty; borrowed. */
const char *buf_str(const struct buf *buf);

/* Takes the text out as a malloc'ed string; NULL if the buffer had failed.  The buffer is empty
 * afterwards. */
char *buf_steal(struct buf *buf);

#endif
