/* types_limit.c - see types.h: numbers within bounds, resource limits, and commands that are run
 * around a start. */
#include "base/cpus.h"
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/array.h"
#include "config/config.h"
#include "config/types.h"
#include "config/words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int parse_range(void *field, const char *text, const void *aux, struct error *err)
{
	const struct config_range *range = aux;
	long long value;

	if (config_integer(text, 10, &value) < 0)
		return error_set(err,
				 "invalid literal for int() with base 10: '%.100s'; write a whole "
				 "number from %d to %d",
				 text, range->min, range->max);
	if (value < range->min || value > range->max)
		return error_set(err, "%lld is out of range; write a number from %d to %d", value,
				 range->min, range->max);
	*(int32_t *)field = (int32_t)value;
	return 0;
}
const struct config_type type_range = { "a whole number", parse_range, NULL, same_number };

static int parse_numprocs(void *field, const char *text, const void *aux, struct error *err)
{
	static const struct config_range range = { 0, CONFIG_NUMPROCS_MAX };

	(void)aux;
	if (strcasecmp(text, "auto") != 0)
		return parse_range(field, text, &range, err);
	*(uint32_t *)field = cpus_usable();
	return 0;
}
const struct config_type type_procs = { "a whole number, or auto", parse_numprocs, NULL,
					same_number };

static int parse_retries(void *field, const char *text, const void *aux, struct error *err)
{
	if (strcasecmp(text, "infinite") == 0) {
		*(uint32_t *)field = UINT32_MAX;
		return 0;
	}
	return type_count.parse(field, text, aux, err);
}
const struct config_type type_retries = { "a whole number, not below zero, or infinite",
					  parse_retries, NULL, same_number };

/* A number, with KB, MB or GB if the resource is counted in bytes, or infinity. */
static int parse_limit(uint64_t *ret, const char *text, const struct config_resource *resource,
		       struct error *err)
{
	uint32_t count;
	int r;

	if (strcasecmp(text, "infinity") == 0 || strcasecmp(text, "unlimited") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (resource->sized) {
		r = type_bytes.parse(ret, text, NULL, err);
	} else {
		r = type_count.parse(&count, text, NULL, err);
		if (r == 0)
			*ret = count;
	}
	if (r < 0)
		error_prefix(err, "SOFT or SOFT:HARD is expected, each a number or infinity");
	return r;
}

static int parse_rlimit(void *field, const char *text, const void *aux, struct error *err)
{
	struct config_program *program = field;
	const struct config_resource *resource = aux;
	size_t len = strcspn(text, ":");
	CLEANUP_FREE char *soft = strndup(text, len);
	struct config_rlimit limit = { .resource = resource->resource }, *slot;

	if (!soft)
		return error_set(err, "out of memory");
	if (parse_limit(&limit.soft, soft, resource, err) < 0)
		return -1;
	limit.hard = limit.soft;
	if (text[len] && parse_limit(&limit.hard, text + len + 1, resource, err) < 0)
		return -1;
	if (limit.soft > limit.hard)
		return error_set(err, "the soft limit %.100s is above the hard one, %.100s", soft,
				 text + len + 1);
	slot = array_append((void **)&program->rlimits, &program->nrlimits, sizeof(*slot));
	if (!slot)
		return error_set(err, "out of memory");
	*slot = limit;
	return 0;
}

static void rlimits_done(void *field)
{
	struct config_program *program = field;

	free(program->rlimits);
	program->rlimits = NULL;
	program->nrlimits = 0;
}

/* They stand in the order of the schema. */
static bool same_rlimits(const void *a, const void *b)
{
	const struct config_program *one = a, *other = b;

	if (one->nrlimits != other->nrlimits)
		return false;
	for (size_t i = 0; i < one->nrlimits; i++)
		if (one->rlimits[i].resource != other->rlimits[i].resource ||
		    one->rlimits[i].soft != other->rlimits[i].soft ||
		    one->rlimits[i].hard != other->rlimits[i].hard)
			return false;
	return true;
}
const struct config_type type_rlimit = { "SOFT[:HARD], numbers or infinity", parse_rlimit,
					 rlimits_done, same_rlimits };

static int parse_hook(void *field, const char *text, const void *aux, struct error *err)
{
	char **argv;

	(void)aux;
	if (words_command(text, &argv, err) < 0)
		return error_prefix(err, "can't parse command '%.200s'", text);
	strv_free(argv);
	return give_text(field, strdup(text), err);
}
const struct config_type type_hook = { "a command", parse_hook, text_done, same_text };
