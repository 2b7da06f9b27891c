/* utf8.h - what is well-formed UTF-8.
 * Runs in: every process.  Pure. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* Length of the well-formed sequence at the beginning of these bytes (RFC 3629: no overlong forms,
 * no surrogates, nothing beyond U+10FFFF); 0: none begins here, or not all of it is there. */
size_t utf8_length(const char *text, size_t len);

#endif
