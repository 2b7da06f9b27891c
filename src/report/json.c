/* json.c - the report as JSON, schema "forkserver-audit/1": see document.h. */
#include "report/document.h"

#include "base/strv.h"
#include "base/util.h"
#include "report/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Every function below returns NULL when out of memory; json_object_set_new() and
 * json_array_append_new() take that as a failure, so that one check of their results is enough. */

/* NULL becomes null. */
static json_t *string(const char *text)
{
	CLEANUP_FREE char *clean = NULL;

	if (!text)
		return json_null();
	clean = utf8_escape(text);
	return clean ? json_string_nocheck(clean) : NULL;
}

static json_t *strings(char *const *strv)
{
	json_t *array = json_array();

	for (size_t i = 0; strv && strv[i]; i++)
		if (json_array_append_new(array, string(strv[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* A number, or null where none says so. */
static json_t *number(json_int_t value, json_int_t none)
{
	return value == none ? json_null() : json_integer(value);
}

struct member {
	const char *key;
	json_t *value; /* the reference is taken over */
};

/* An object of these members, in this order; a NULL among the values makes it NULL. */
static json_t *object(const struct member *members, size_t n)
{
	json_t *object = json_object();
	bool bad = !object;

	for (size_t i = 0; i < n; i++)
		if (json_object_set_new(object, members[i].key, members[i].value) < 0)
			bad = true;
	if (!bad)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *frame_json(const struct report_frame *frame)
{
	struct member members[] = {
		{ "file", string(frame->file ? frame->file : "?") },
		{ "line", number(frame->line, 0) },
		{ "function", string(frame->function ? frame->function : "?") },
		{ "source", string(frame->source) },
	};

	return object(members, ARRAY_LEN(members));
}

static json_t *stack_json(const struct report_stack *stack)
{
	json_t *array = json_array();

	for (size_t i = 0; i < stack->nframes; i++)
		if (json_array_append_new(array, frame_json(&stack->frames[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *lineage_json(const struct finding *finding)
{
	json_t *array = json_array();

	for (size_t i = 0; i < finding->nlineage; i++) {
		const struct report_origin *origin = &finding->lineage[i];
		struct member members[] = {
			{ "fd", number(origin->fd, -1) },
			{ "syscall", string(origin->syscall) },
			{ "thread", string(origin->thread) },
			{ "traceback", stack_json(&origin->stack) },
		};

		if (json_array_append_new(array, object(members, ARRAY_LEN(members))) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *finding_json(const struct report *report, const struct finding *finding)
{
	const struct report_frame *at = report_location(report, &finding->stack);
	struct member members[] = {
		{ "kind", string(finding->kind) },
		{ "fd", number(finding->fd, -1) },
		{ "type", string(finding->type) },
		{ "target", string(finding->target) },
		{ "flags", strings(finding->flags) },
		{ "syscall", string(finding->syscall) },
		{ "thread", string(finding->thread) },
		{ "pid", number(finding->pid, 0) },
		{ "attributed", json_boolean(finding->attributed) },
		{ "location", at ? frame_json(at) : json_null() },
		{ "traceback", stack_json(&finding->stack) },
		{ "lineage", lineage_json(finding) },
		{ "hint", string(finding->hint) },
		{ "baseline", json_boolean(finding->baseline) },
		/* the last two of allowed ones only */
		{ "rule", string(finding->rule) },
		{ "action", string(rule_action_name(finding->action)) },
	};
	size_t n = ARRAY_LEN(members);

	if (!finding->rule) {
		json_decref(members[--n].value);
		json_decref(members[--n].value);
	}
	return object(members, n);
}

/* The findings that a rule allows, or the others. */
static json_t *findings_json(const struct report *report, bool allowed)
{
	json_t *array = json_array();

	for (size_t i = 0; i < report->nfindings; i++) {
		const struct finding *finding = &report->findings[i];

		if ((finding->rule != NULL) == allowed &&
		    json_array_append_new(array, finding_json(report, finding)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *threads_json(const struct report_error *error)
{
	json_t *array = json_array();

	for (size_t i = 0; i < error->nthreads; i++) {
		const struct report_thread *thread = &error->threads[i];
		struct member members[] = {
			{ "name", string(thread->name) },
			{ "tid", number(thread->tid, 0) },
			{ "traceback", stack_json(&thread->stack) },
		};

		if (json_array_append_new(array, object(members, ARRAY_LEN(members))) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *error_json(const struct report_error *error)
{
	struct member members[] = {
		{ "kind", string(error->kind) },       { "type", string(error->type) },
		{ "message", string(error->message) }, { "traceback", stack_json(&error->stack) },
		{ "text", string(error->text) },       { "threads", threads_json(error) },
	};

	return object(members, ARRAY_LEN(members));
}

char *report_json(const struct report *report)
{
	struct member members[] = {
		{ "schema", json_string("forkserver-audit/1") },
		{ "version", json_string(PACKAGE_VERSION) },
		{ "name", string(report->name) },
		{ "python", string(report->python) },
		{ "cwd", string(report->cwd) },
		{ "target", strings(report->target) },
		{ "mode", string(report->mode) },
		{ "policy", string(report->policy ? report->policy : "enforce") },
		{ "verdict", json_string(report_verdict(report)) },
		{ "import_seconds", json_real((double)report->import_us / 1e6) },
		{ "events", json_integer((json_int_t)report->events) },
		{ "violations", findings_json(report, false) },
		{ "allowed", findings_json(report, true) },
		{ "unused_rules", strings(report->unused_rules) },
		{ "notes", strings(report->notes) },
		{ "error", report->error ? error_json(report->error) : json_null() },
	};
	json_t *document = object(members, ARRAY_LEN(members));
	char *text = document ? json_dumps(document, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;

	json_decref(document);
	return text;
}
