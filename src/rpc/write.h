/* write.h - writes XML-RPC, as text that is well formed whatever the bytes are.
 * Runs in: control, forkserverctl.
 *
 * Values are appended to a buffer one after the other, without a tree in between: an answer may
 * hold the settings of ten thousand processes.  The layout is that of Python's xmlrpc.client. */
#ifndef RPC_WRITE_H
#define RPC_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct rpc_value;

/* Numbers beyond 32 bits are written as i8, which Python's client reads. */
void rpc_write_int(struct buf *buf, int64_t integer);
void rpc_write_boolean(struct buf *buf, bool truth);
void rpc_write_seconds(struct buf *buf, uint64_t us); /* a double, "1.500000" */

/* Bytes that are not UTF-8 become U+FFFD, and control characters that XML cannot carry their
 * picture (ESC: U+241B). */
void rpc_write_string(struct buf *buf, const char *text);
void rpc_write_bytes(struct buf *buf, const char *data, size_t len);

void rpc_write_array_begin(struct buf *buf);
void rpc_write_array_end(struct buf *buf);
void rpc_write_struct_begin(struct buf *buf);
void rpc_write_struct_end(struct buf *buf);
void rpc_write_member_begin(struct buf *buf, const char *name); /* then exactly one value */
void rpc_write_member_end(struct buf *buf);

/* Members of the usual types. */
void rpc_write_member_int(struct buf *buf, const char *name, int64_t integer);
void rpc_write_member_boolean(struct buf *buf, const char *name, bool truth);
void rpc_write_member_string(struct buf *buf, const char *name, const char *text);
void rpc_write_member_seconds(struct buf *buf, const char *name, uint64_t us);

void rpc_write_value(struct buf *buf, const struct rpc_value *value);
void rpc_write_fault_value(struct buf *buf, int code, const char *text);

/* Whole messages.  `value` is the text that the functions above have written. */
void rpc_write_response(struct buf *buf, const struct buf *value);
void rpc_write_fault(struct buf *buf, int code, const char *text);
void rpc_write_call(struct buf *buf, const char *method, const struct rpc_value *params);

#endif
