/* utf8.h - what is well-formed UTF-8, and what may be shown to people.
 * Runs in: every process.  Pure. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Length of the well-formed sequence at the beginning of these bytes (RFC 3629: no overlong forms,
 * no surrogates, nothing beyond U+10FFFF); 0: none begins here, or not all of it is there. */
size_t utf8_length(const char *text, size_t len);

/* Appends the first character of these bytes, of which there is at least one; U+FFFD for a byte
 * that begins none.  How many bytes that was. */
size_t utf8_copy(struct buf *to, const char *text, size_t len);

/* Of ASCII: what would end a line, or play with somebody's terminal. */
static inline bool utf8_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

#endif
