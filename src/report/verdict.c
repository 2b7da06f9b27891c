/* verdict.c - see verdict.h. */
#include "report/verdict.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static int read_summary(struct verdict_summary *ret, json_t *report)
{
	const char *schema = json_string_value(json_object_get(report, "schema"));
	const char *verdict = json_string_value(json_object_get(report, "verdict"));
	const char *kind =
		json_string_value(json_object_get(json_object_get(report, "error"), "kind"));
	json_t *finding;
	size_t i;

	if (!schema || !verdict || strcmp(schema, "forkserver-audit/1") != 0)
		return -EPROTO;
	json_array_foreach(json_object_get(report, "violations"), i, finding)
	{
		if (json_is_true(json_object_get(finding, "baseline")))
			ret->known++;
		else
			ret->violations++;
	}
	ret->allowed = json_array_size(json_object_get(report, "allowed"));
	if (strcmp(verdict, "clean") == 0)
		ret->verdict = VERDICT_CLEAN;
	else if (strcmp(verdict, "violations") == 0)
		ret->verdict = VERDICT_VIOLATIONS;
	else if (strcmp(verdict, "error") == 0 && kind)
		ret->verdict =
			strcmp(kind, "import") == 0 ? VERDICT_IMPORT_FAILED : VERDICT_NO_AUDIT;
	else
		return -EPROTO;
	return 0;
}

int verdict_read(struct verdict_summary *ret, const char *json, size_t len)
{
	struct verdict_summary summary = { 0 };
	json_t *report = json_loadb(json, len, 0, NULL);
	int r = read_summary(&summary, report);

	json_decref(report);
	if (r == 0)
		*ret = summary;
	return r;
}
