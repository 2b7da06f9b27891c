/* github.c - see github.h. */
#include "report/github.h"

#include "base/buf.h"
#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* "%" begins an escape, and a line end would end the command; in a property its separators are
 * escaped as well. What else is in an application's names is for GitHub to show. */
static void put(struct buf *out, const char *text, bool property)
{
	for (; text && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f || c == '%' || (property && (c == ':' || c == ',')))
			buf_printf(out, "%%%02X", c);
		else
			buf_addch(out, (char)c);
	}
}

static void begin(struct buf *out, json_t *report, json_t *frame)
{
	const char *policy = text_of(report, "policy"), *name = text_of(report, "name");
	const char *file = text_of(frame, "file");
	bool warn = policy && strcmp(policy, "warn") == 0;

	buf_printf(out, "::%s ", warn ? "warning" : "error");
	if (file && file[0] != '<' && file[0] != '?') {
		buf_addstr(out, "file=");
		put(out, file, true);
		if (json_is_integer(json_object_get(frame, "line")))
			buf_printf(out, ",line=%" JSON_INTEGER_FORMAT,
				   json_integer_value(json_object_get(frame, "line")));
		buf_addch(out, ',');
	}
	buf_addstr(out, "title=forkserver audit");
	if (name) {
		buf_addstr(out, " of ");
		put(out, name, true);
	}
	buf_addstr(out, "::");
}

static void put_violation(struct buf *out, json_t *report, json_t *violation)
{
	json_t *fd = json_object_get(violation, "fd");
	const char *kind = text_of(violation, "kind"), *type = text_of(violation, "type");

	begin(out, report, json_object_get(violation, "location"));
	put(out, type ? type : kind, false);
	if (json_is_integer(fd))
		buf_printf(out, " (fd %" JSON_INTEGER_FORMAT ")", json_integer_value(fd));
	buf_addstr(out, ": ");
	put(out, text_of(violation, "target"), false);
	buf_addstr(out, "%0A");
	put(out, text_of(violation, "hint"), false);
	buf_addch(out, '\n');
}

static void put_error(struct buf *out, json_t *report, json_t *error)
{
	json_t *stack = json_object_get(error, "traceback");
	size_t n = json_array_size(stack);

	begin(out, report, n ? json_array_get(stack, n - 1) : NULL);
	if (text_of(error, "type")) {
		put(out, text_of(error, "type"), false);
		buf_addstr(out, ": ");
	}
	put(out, text_of(error, "message"), false);
	buf_addch(out, '\n');
}

char *report_github(const char *json, size_t len, struct error *err)
{
	json_error_t where;
	json_t *report = json_loadb(json, len, 0, &where);
	json_t *error = json_object_get(report, "error"), *violation;
	const char *schema = text_of(report, "schema");
	struct buf out = { 0 };
	size_t i;
	char *text;

	if (!schema || strcmp(schema, "forkserver-audit/1") != 0) {
		error_set(err, "not an audit report: %s",
			  report ? "the schema is not forkserver-audit/1" : where.text);
		json_decref(report);
		return NULL;
	}
	if (json_is_object(error))
		put_error(&out, report, error);
	else
		json_array_foreach(
			json_object_get(report, "violations"), i,
			violation) if (!json_is_true(json_object_get(violation, "baseline")))
			put_violation(&out, report, violation);
	json_decref(report);
	text = buf_steal(&out);
	if (!text)
		error_set(err, "out of memory");
	return text;
}
