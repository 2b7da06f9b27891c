/* call.h - one call of a method: its arguments, and then a value or a fault, at once or later.
 * Runs in: control. */
#ifndef CONTROL_CALL_H
#define CONTROL_CALL_H

#include "base/buf.h"
#include "control/link.h"
#include "ipc/control_messages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct method;
struct rpc_value;

#define CALL_PARAMS_MAX 4

/* What the methods know of the supervisor without asking. */
struct call_host {
	struct link *link;      /* borrowed */
	const char *identifier; /* borrowed */
	const char *version;    /* borrowed; supervisord's */
};

struct argument {
	const char *text; /* borrowed; NUL behind it; "" if none */
	size_t len;
	int64_t number;
	bool truth;
	const struct rpc_value *value; /* borrowed; NULL: left out */
	char digits[24];               /* of a number that stands for a text */
};

/* Embedded in what wants the result. */
struct call {
	struct call_host *host;      /* borrowed */
	const struct method *method; /* static */
	struct argument args[CALL_PARAMS_MAX];
	struct buf result; /* owned; the value's XML */
	uint32_t fault;    /* enum fault; FAULT_NONE: it has a result */
	struct buf text;   /* owned; of the fault, "BAD_NAME: x" */
	struct ask ask;    /* of the methods that need one question only */
	void (*reply)(struct call *call, struct answer *answer);
	bool takes_faults;
	void *state; /* owned by the method; `drop` frees it */
	void (*drop)(struct call *call);
	void (*done)(struct call *call); /* when the result came later */
	bool begun, finished;
};

/* Calls a method; params is an array, NULL: empty, and outlives the call.  True: it is finished,
 * and `done` is not called; false: `done` will be. */
bool call_begin(struct call *call, struct call_host *host, const char *method,
		const struct rpc_value *params);

/* Frees all, and drops what is under way. */
void call_done(struct call *call);

/* ---- for methods ---- */

void call_return(struct call *call); /* with what is in call->result */
void call_return_true(struct call *call);
void call_fail(struct call *call, uint32_t fault, const char *extra);

/* Asks one question.  On a fault of the answer the call fails with it; `reply` is called with all
 * others, and finishes the call.  `extra` in the fault's text is the supervisor's. */
void call_ask(struct call *call, const struct control_request *request,
	      void (*reply)(struct call *call, struct answer *answer));

/* As above, but faults too go to `reply`. */
void call_ask_all(struct call *call, const struct control_request *request,
		  void (*reply)(struct call *call, struct answer *answer));

/* For `reply`, at the end of a body: true, or the call has failed. */
bool call_check(struct call *call, const struct unpack *body);

#endif
