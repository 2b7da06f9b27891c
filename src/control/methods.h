/* methods.h - the table of everything that can be called; there is no other way to a handler.
 * Runs in: control. */
#ifndef CONTROL_METHODS_H
#define CONTROL_METHODS_H

#include "control/call.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* What is accepted for a parameter: what supervisord would understand. */
enum param_kind {
	PARAM_TEXT,    /* string */
	PARAM_BYTES,   /* string or base64, NULs too */
	PARAM_SIGNAL,  /* string or int */
	PARAM_INT,     /* int, or what has the same meaning */
	PARAM_BOOLEAN, /* anything, as Python sees truth */
	PARAM_CALLS,   /* array */
	PARAM_STRUCT,  /* struct */
};

struct param {
	const char *name; /* NULL: no more parameters */
	enum param_kind kind;
	const char *help;
	bool optional;
	bool fallback; /* of an optional boolean */
};

struct method {
	const char *name;    /* "supervisor.getState" */
	const char *returns; /* type, as methodSignature answers */
	const char *returned;
	const char *help;
	void (*begin)(struct call *call); /* finishes the call now, or leaves it under way */
	uint32_t operation;               /* enum control_operation; for handlers of several */
	uint32_t number;                  /* the same */
	struct param params[CALL_PARAMS_MAX];
};

extern const struct method methods[]; /* by name */
extern const size_t nmethods;

const struct method *method_find(const char *name); /* NULL: there is none */
const char *param_type(const struct param *param);  /* "string", "int", … */
void method_help(const struct method *method, struct buf *to);

/* Reads the parameters into args.  0, or -EINVAL if there are too many or too few, or if one is of
 * another type. */
int method_arguments(const struct method *method, const struct rpc_value *params,
		     struct argument *args);

#endif
