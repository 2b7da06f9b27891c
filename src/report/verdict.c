/* verdict.c - see verdict.h. */
#include "report/verdict.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void tell_error(struct verdict_summary *ret, json_t *error)
{
	const char *type = text_of(error, "type");

	snprintf(ret->first, sizeof(ret->first), "%s%s%s", type, *type ? ": " : "",
		 text_of(error, "message"));
}

/* "fd 7 (/var/log/shop.log), opened at /srv/shop/log.py:12" */
static void tell_finding(struct verdict_summary *ret, json_t *finding)
{
	json_t *traceback = json_object_get(finding, "traceback");
	size_t depth = json_array_size(traceback);
	json_t *last = depth ? json_array_get(traceback, depth - 1) : NULL;
	json_t *fd = json_object_get(finding, "fd");
	char number[32] = "", place[128] = "";

	if (json_is_integer(fd))
		snprintf(number, sizeof(number), " %lld", (long long)json_integer_value(fd));
	if (last)
		snprintf(place, sizeof(place), ", from %.90s:%lld", text_of(last, "file"),
			 (long long)json_integer_value(json_object_get(last, "line")));
	snprintf(ret->first, sizeof(ret->first), "%.16s%s (%.70s)%s", text_of(finding, "kind"),
		 number, text_of(finding, "target"), place);
}

static int read_summary(struct verdict_summary *ret, json_t *report)
{
	const char *schema = json_string_value(json_object_get(report, "schema"));
	const char *verdict = json_string_value(json_object_get(report, "verdict"));
	const char *kind =
		json_string_value(json_object_get(json_object_get(report, "error"), "kind"));
	json_t *finding;
	size_t i;

	if (json_is_object(json_object_get(report, "error")))
		tell_error(ret, json_object_get(report, "error"));
	if (!schema || !verdict || strcmp(schema, "forkserver-audit/1") != 0)
		return -EPROTO;
	json_array_foreach(json_object_get(report, "violations"), i, finding)
	{
		if (json_is_true(json_object_get(finding, "baseline")))
			ret->known++;
		else
			ret->violations++;
		if (ret->violations == 1 && !ret->first[0])
			tell_finding(ret, finding);
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
