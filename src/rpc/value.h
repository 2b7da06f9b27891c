/* value.h - a value of XML-RPC as a tree: what the decoder makes, and what a client sends.
 * Runs in: control, forkserverctl. */
#ifndef RPC_VALUE_H
#define RPC_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rpc_type {
	RPC_INT,
	RPC_BOOLEAN,
	RPC_STRING,
	RPC_DOUBLE,
	RPC_DATETIME,
	RPC_BASE64,
	RPC_ARRAY,
	RPC_STRUCT,
};

/* A node.  Arrays and structs hold their children as a list, in order. */
struct rpc_value {
	enum rpc_type type;
	char *name;      /* owned; as a struct's member, else NULL */
	int64_t integer; /* int; boolean: 0 or 1 */
	double real;
	char *text; /* owned, NUL behind it; string (UTF-8), dateTime as written, base64 decoded.
		       NULL if empty: rpc_text() */
	size_t len;
	struct rpc_value *first, *last; /* owned */
	struct rpc_value *next;         /* the next child of the same parent */
	size_t count;                   /* of children */
};

/* NULL: out of memory. */
struct rpc_value *rpc_new(enum rpc_type type);
struct rpc_value *rpc_new_string(const char *text);
struct rpc_value *rpc_new_int(int64_t integer);
struct rpc_value *rpc_new_boolean(bool truth);
void rpc_free(struct rpc_value *value); /* with its children; NULL is allowed */

/* Takes the child over, and frees it on failure too; a NULL child is a failure.  0 or -ENOMEM. */
int rpc_append(struct rpc_value *parent, struct rpc_value *child);
int rpc_set(struct rpc_value *parent, const char *name, struct rpc_value *child);

/* Borrowed; NULL if there is none, or if `value` is NULL or of another type.  Of members of one
 * name the last counts. */
const struct rpc_value *rpc_item(const struct rpc_value *array, size_t index);
const struct rpc_value *rpc_member(const struct rpc_value *structure, const char *name);

/* Borrowed; "" when empty. */
const char *rpc_text(const struct rpc_value *value);

/* What a client wants of a member: its text or integer if it has that type, else the fallback. */
const char *rpc_member_text(const struct rpc_value *structure, const char *name,
			    const char *fallback);
int64_t rpc_member_int(const struct rpc_value *structure, const char *name, int64_t fallback);

#endif
