/* text.h - any bytes as text that XML and HTML can carry.
 * Runs in: control, forkserverctl. */
#ifndef RPC_TEXT_H
#define RPC_TEXT_H

#include <stddef.h>

struct buf;

/* Appends with & < > escaped, bytes that are not UTF-8 as U+FFFD, and control characters that XML
 * cannot carry as their picture.  A carriage return is kept, as a reference. */
void text_escape(struct buf *to, const char *data, size_t len);

/* The same for an attribute's value: " and ' too. */
void text_escape_quoted(struct buf *to, const char *data, size_t len);

/* The length of the first character of well-formed UTF-8, its value in *ret_rune; 0 if there is
 * none. */
size_t text_rune(const char *data, size_t len, unsigned *ret_rune);

#endif
