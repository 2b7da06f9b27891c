/* utf8.h - bytes of unknown origin made fit for JSON and for a terminal.
 * Runs in: tracer, supervisor.  Pure. */
#ifndef REPORT_UTF8_H
#define REPORT_UTF8_H

#include <stddef.h>

/* Length of the well-formed UTF-8 sequence at text (RFC 3629: no overlong forms, no surrogates,
 * nothing beyond U+10FFFF); 0: none begins here.  text is NUL-terminated. */
size_t utf8_sequence(const char *text);

/* A copy with every byte that is part of no well-formed sequence written as the text \xNN, as
 * Python's "backslashreplace" does; malloc'ed, NULL: out of memory. */
char *utf8_escape(const char *text);

#endif
