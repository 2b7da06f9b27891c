/* json.h - JSON, written into a buffer; commas come by themselves.
 * Runs in: control.  Pure.
 *
 * Nothing here reads JSON: requests carry their few words in the path and in forms, so that the
 * process which strangers talk to needs no parser for more. */
#ifndef CONTROL_JSON_H
#define CONTROL_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

void json_object_begin(struct buf *to);
void json_object_end(struct buf *to);
void json_array_begin(struct buf *to);
void json_array_end(struct buf *to);
void json_key(struct buf *to, const char *key); /* of the value that comes next */

/* What is no UTF-8 becomes U+FFFD, a byte at a time.  NULL is null. */
void json_string(struct buf *to, const char *text);
void json_int(struct buf *to, int64_t number);
void json_seconds(struct buf *to, uint64_t us); /* "1.5" */
void json_bool(struct buf *to, bool truth);
void json_null(struct buf *to);

#endif
