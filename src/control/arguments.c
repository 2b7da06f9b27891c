/* arguments.c - see methods.h: from a call's parameters to arguments. */
#include "base/buf.h"
#include "control/methods.h"
#include "rpc/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct method *method_find(const char *name)
{
	for (size_t i = 0; i < nmethods; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

const char *param_type(const struct param *param)
{
	static const char *const types[] = {
		[PARAM_TEXT] = "string",   [PARAM_BYTES] = "string",    [PARAM_SIGNAL] = "string",
		[PARAM_INT] = "int",       [PARAM_BOOLEAN] = "boolean", [PARAM_CALLS] = "array",
		[PARAM_STRUCT] = "struct",
	};

	return types[param->kind];
}

void method_help(const struct method *method, struct buf *to)
{
	buf_printf(to, "%s\n\n", method->help);
	for (size_t i = 0; i < CALL_PARAMS_MAX && method->params[i].name; i++)
		buf_printf(to, "@param %s %s %s\n", param_type(&method->params[i]),
			   method->params[i].name, method->params[i].help);
	buf_printf(to, "@return %s result %s\n", method->returns, method->returned);
}

static int take_text(struct argument *arg)
{
	arg->text = rpc_text(arg->value);
	arg->len = arg->value->len;
	return 0;
}

/* int() takes numbers of any kind, and digits. */
static int take_int(struct argument *arg)
{
	char *end;

	switch (arg->value->type) {
	case RPC_INT:
	case RPC_BOOLEAN:
		arg->number = arg->value->integer;
		return 0;
	case RPC_DOUBLE:
		if (!(arg->value->real > -9e18 && arg->value->real < 9e18))
			return -EINVAL;
		arg->number = (int64_t)arg->value->real;
		return 0;
	case RPC_STRING:
		errno = 0;
		arg->number = strtoll(rpc_text(arg->value), &end, 10);
		return errno || end == rpc_text(arg->value) || *end ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static bool truth(const struct rpc_value *value)
{
	switch (value->type) {
	case RPC_INT:
	case RPC_BOOLEAN:
		return value->integer != 0;
	case RPC_DOUBLE:
		return value->real < 0. || value->real > 0.;
	case RPC_ARRAY:
	case RPC_STRUCT:
		return value->count > 0;
	default:
		return value->len > 0;
	}
}

static int take_signal(struct argument *arg)
{
	if (arg->value->type == RPC_STRING)
		return take_text(arg);
	if (arg->value->type != RPC_INT)
		return -EINVAL;
	arg->len =
		(size_t)snprintf(arg->digits, sizeof(arg->digits), "%" PRId64, arg->value->integer);
	arg->text = arg->digits;
	return 0;
}

static int take(struct argument *arg, enum param_kind kind)
{
	enum rpc_type type = arg->value->type;

	switch (kind) {
	case PARAM_TEXT: /* a name of ours has no NUL, which base64 could bring in */
		return type == RPC_STRING ? take_text(arg) : -EINVAL;
	case PARAM_BYTES:
		return type == RPC_STRING || type == RPC_BASE64 ? take_text(arg) : -EINVAL;
	case PARAM_SIGNAL:
		return take_signal(arg);
	case PARAM_INT:
		return take_int(arg);
	case PARAM_BOOLEAN:
		arg->truth = truth(arg->value);
		return 0;
	case PARAM_CALLS:
		return type == RPC_ARRAY ? 0 : -EINVAL;
	case PARAM_STRUCT:
		return type == RPC_STRUCT ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int method_arguments(const struct method *method, const struct rpc_value *params,
		     struct argument *args)
{
	const struct rpc_value *at = params ? params->first : NULL;

	for (size_t i = 0; i < CALL_PARAMS_MAX; i++) {
		const struct param *param = &method->params[i];
		int r = 0;

		args[i] = (struct argument){ .text = "", .truth = param->fallback };
		if (!param->name)
			continue;
		if (!at && !param->optional)
			return -EINVAL;
		args[i].value = at;
		if (at) {
			r = take(&args[i], param->kind);
			at = at->next;
		}
		if (r < 0)
			return r;
	}
	return at ? -EINVAL : 0;
}
