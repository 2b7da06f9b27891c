/* read.h - reads XML-RPC that strangers have written: a strict grammar, hard limits, no DTD.
 * Runs in: control, forkserverctl. */
#ifndef RPC_READ_H
#define RPC_READ_H

#include <stddef.h>

struct error;
struct rpc_value;

/* What one message may hold; a message beyond that is refused as malformed.  The sum of all text
 * is bounded by the message's own length. */
struct rpc_limits {
	size_t depth;  /* of arrays and structs in each other, at most RPC_DEPTH_MAX */
	size_t values; /* nodes of the tree */
};

#define RPC_DEPTH_MAX 32

extern const struct rpc_limits rpc_call_limits;     /* of a request */
extern const struct rpc_limits rpc_response_limits; /* of an answer: larger, from whom we asked */

struct rpc_call {
	char *method;             /* owned */
	struct rpc_value *params; /* owned; an array, empty if there was no <params> */
};

struct rpc_response {
	struct rpc_value *result; /* owned; NULL if it is a fault */
	int code;                 /* of the fault; 0: no fault */
	char *text;               /* of the fault; owned */
};

/* 0; -ENOMEM; or -EINVAL with the reason and the line in err, and nothing to free. */
int rpc_read_call(struct rpc_call *call, const char *data, size_t len, struct error *err);
int rpc_read_response(struct rpc_response *response, const char *data, size_t len,
		      struct error *err);

void rpc_call_done(struct rpc_call *call);
void rpc_response_done(struct rpc_response *response);

#endif
