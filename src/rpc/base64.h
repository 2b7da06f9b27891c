/* base64.h - RFC 4648, as XML-RPC and HTTP's Basic authentication use it.
 * Runs in: control, forkserverctl. */
#ifndef RPC_BASE64_H
#define RPC_BASE64_H

#include <stddef.h>

struct buf;

/* Appends; no line breaks. */
void base64_encode(struct buf *to, const void *data, size_t len);

/* Appends what was encoded.  White space counts for nothing, padding may be missing.  0, or -EINVAL
 * with an unspecified part appended. */
int base64_decode(struct buf *to, const char *text, size_t len);

#endif
