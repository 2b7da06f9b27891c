/* value.c - see value.h. */
#include "rpc/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rpc_value *rpc_new(enum rpc_type type)
{
	struct rpc_value *value = calloc(1, sizeof(*value));

	if (value)
		value->type = type;
	return value;
}

struct rpc_value *rpc_new_string(const char *text)
{
	struct rpc_value *value = rpc_new(RPC_STRING);

	if (!value)
		return NULL;
	value->text = strdup(text);
	value->len = strlen(text);
	if (value->text)
		return value;
	rpc_free(value);
	return NULL;
}

struct rpc_value *rpc_new_int(int64_t integer)
{
	struct rpc_value *value = rpc_new(RPC_INT);

	if (value)
		value->integer = integer;
	return value;
}

struct rpc_value *rpc_new_boolean(bool truth)
{
	struct rpc_value *value = rpc_new(RPC_BOOLEAN);

	if (value)
		value->integer = truth;
	return value;
}

/* The decoder bounds the depth; what programs build is flat. */
void rpc_free(struct rpc_value *value)
{
	struct rpc_value *child;

	if (!value)
		return;
	while ((child = value->first)) {
		value->first = child->next;
		rpc_free(child);
	}
	free(value->name);
	free(value->text);
	free(value);
}

int rpc_append(struct rpc_value *parent, struct rpc_value *child)
{
	if (!child)
		return -ENOMEM;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
	return 0;
}

int rpc_set(struct rpc_value *parent, const char *name, struct rpc_value *child)
{
	if (!child)
		return -ENOMEM;
	free(child->name);
	child->name = strdup(name);
	if (!child->name) {
		rpc_free(child);
		return -ENOMEM;
	}
	return rpc_append(parent, child);
}

const struct rpc_value *rpc_item(const struct rpc_value *array, size_t index)
{
	const struct rpc_value *child = array && array->type == RPC_ARRAY ? array->first : NULL;

	while (child && index-- > 0)
		child = child->next;
	return child;
}

const struct rpc_value *rpc_member(const struct rpc_value *structure, const char *name)
{
	const struct rpc_value *found = NULL;

	if (!structure || structure->type != RPC_STRUCT)
		return NULL;
	for (const struct rpc_value *child = structure->first; child; child = child->next)
		if (child->name && strcmp(child->name, name) == 0)
			found = child;
	return found;
}

const char *rpc_text(const struct rpc_value *value)
{
	return value->text ? value->text : "";
}

const char *rpc_member_text(const struct rpc_value *structure, const char *name,
			    const char *fallback)
{
	const struct rpc_value *member = rpc_member(structure, name);

	return member && member->type == RPC_STRING ? rpc_text(member) : fallback;
}

int64_t rpc_member_int(const struct rpc_value *structure, const char *name, int64_t fallback)
{
	const struct rpc_value *member = rpc_member(structure, name);

	return member && (member->type == RPC_INT || member->type == RPC_BOOLEAN) ? member->integer
										  : fallback;
}
