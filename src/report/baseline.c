/* baseline.c - see baseline.h. */
#include "report/baseline.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"
#include "report/utf8.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "forkserver-baseline/1"

enum field { KIND, TYPE, FILE_NAME, FUNCTION, SOURCE, TARGET, NFIELDS };
static const char *const field_names[] = {
	[KIND] = "kind",         [TYPE] = "type",     [FILE_NAME] = "file",
	[FUNCTION] = "function", [SOURCE] = "source", [TARGET] = "target",
};

struct entry {
	const char *fields[NFIELDS]; /* borrowed from the document; NULL: null or left out */
	bool used;
};

struct baseline {
	json_t *document; /* owned */
	struct entry *entries;
	size_t nentries;
};

void baseline_free(struct baseline *baseline)
{
	if (!baseline)
		return;
	json_decref(baseline->document);
	free(baseline->entries);
	free(baseline);
}

static int read_entry(struct entry *entry, json_t *item, const char *name, size_t i,
		      struct error *err)
{
	if (!json_is_object(item))
		return error_set(err, "%s: violations[%zu] is not an object", name, i);
	for (int f = 0; f < NFIELDS; f++) {
		json_t *value = json_object_get(item, field_names[f]);

		if (value && !json_is_null(value) && !json_is_string(value))
			return error_set(err,
					 "%s: violations[%zu]: \"%s\" must be a string or null",
					 name, i, field_names[f]);
		entry->fields[f] = json_string_value(value);
	}
	if (!entry->fields[KIND])
		return error_set(err, "%s: violations[%zu]: \"kind\" is missing", name, i);
	if (!entry->fields[FILE_NAME] && !entry->fields[TARGET])
		return error_set(err, "%s: violations[%zu]: needs \"file\" or \"target\"", name, i);
	return 0;
}

static int read_document(struct baseline *baseline, const char *name, struct error *err)
{
	const char *schema = json_string_value(json_object_get(baseline->document, "schema"));
	json_t *violations = json_object_get(baseline->document, "violations");
	json_t *item;
	size_t i;

	if (!schema)
		return error_set(err,
				 "%s: not a baseline: there is no \"schema\": \"" SCHEMA "\"; "
				 "--write-baseline writes one",
				 name);
	if (strcmp(schema, SCHEMA) != 0)
		return error_set(err,
				 "%s: \"schema\" is \"%s\", but a baseline has \"" SCHEMA "\"%s",
				 name, schema,
				 strncmp(schema, "forkserver-audit/", 17) == 0
					 ? "; this is a report; use --write-baseline"
					 : "");
	if (!json_is_array(violations))
		return error_set(err, "%s: \"violations\" must be an array", name);
	baseline->entries = calloc(json_array_size(violations) + 1, sizeof(*baseline->entries));
	if (!baseline->entries)
		return error_set(err, "%s: out of memory", name);
	json_array_foreach(violations, i, item)
	{
		if (read_entry(&baseline->entries[i], item, name, i, err) < 0)
			return -1;
		baseline->nentries++;
	}
	return 0;
}

int baseline_parse(struct baseline **ret, const char *name, const char *text, size_t len,
		   struct error *err)
{
	struct baseline *baseline = calloc(1, sizeof(*baseline));
	json_error_t where;

	if (!baseline)
		return error_set(err, "%s: out of memory", name);
	baseline->document = json_loadb(text, len, 0, &where);
	if (!baseline->document) {
		baseline_free(baseline);
		return error_set(err, "%s:%d:%d: not valid JSON: %s", name, where.line,
				 where.column, where.text);
	}
	if (read_document(baseline, name, err) < 0) {
		baseline_free(baseline);
		return -1;
	}
	*ret = baseline;
	return 0;
}

/* Where the machine-independent part of a path begins. */
static const char *portable(const char *file, const char *cwd)
{
	static const char *const packages[] = { "/site-packages/", "/dist-packages/" };
	size_t len = cwd ? strlen(cwd) : 0;

	for (size_t i = 0; i < ARRAY_LEN(packages); i++) {
		const char *at = strstr(file, packages[i]);

		if (at)
			return at + 1;
	}
	if (len > 1 && strncmp(file, cwd, len) == 0 && file[len] == '/')
		return file + len + 1;
	return strncmp(file, "./", 2) == 0 ? file + 2 : file;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Equal, every run of digits standing for any other. */
static bool same_but_numbers(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			a += strspn(a, "0123456789");
			b += strspn(b, "0123456789");
		} else if (*a++ != *b++) {
			return false;
		}
	}
	return *a == *b;
}

/* A source that is not known on one side (not shipped, say) tells nothing apart. */
static bool matches(const struct entry *entry, char *const fields[NFIELDS])
{
	const char *source = entry->fields[SOURCE];

	if (!same(entry->fields[KIND], fields[KIND]))
		return false;
	/* whether a process still runs or has ended already is a matter of moments */
	if (!same(entry->fields[TYPE], fields[TYPE]) && !same(fields[KIND], "process"))
		return false;
	if (!fields[FILE_NAME] || !entry->fields[FILE_NAME])
		return !fields[FILE_NAME] && !entry->fields[FILE_NAME] && fields[TARGET] &&
		       same_but_numbers(entry->fields[TARGET], fields[TARGET]);
	return same(entry->fields[FILE_NAME], fields[FILE_NAME]) &&
	       same(entry->fields[FUNCTION], fields[FUNCTION]) &&
	       (!source || !fields[SOURCE] || strcmp(source, fields[SOURCE]) == 0);
}

/* The key as it is written to a file: valid UTF-8, portable file name. */
static int clean_key(char *fields[NFIELDS], const struct baseline_key *key, const char *cwd)
{
	const char *raw[NFIELDS] = {
		[KIND] = key->kind,
		[TYPE] = key->type,
		[FILE_NAME] = key->file ? portable(key->file, cwd) : NULL,
		[FUNCTION] = key->function,
		[SOURCE] = key->source,
		[TARGET] = key->target,
	};

	memset(fields, 0, NFIELDS * sizeof(*fields));
	for (int f = 0; f < NFIELDS; f++) {
		if (!raw[f])
			continue;
		fields[f] = utf8_escape(raw[f]);
		if (!fields[f])
			return -ENOMEM;
	}
	return 0;
}

static void free_key(char *fields[NFIELDS])
{
	for (int f = 0; f < NFIELDS; f++)
		free(fields[f]);
}

bool baseline_take(struct baseline *baseline, const struct baseline_key *key, const char *cwd)
{
	char *fields[NFIELDS];
	bool found = false;

	if (clean_key(fields, key, cwd) == 0)
		for (size_t i = 0; i < baseline->nentries && !found; i++) {
			struct entry *entry = &baseline->entries[i];

			found = !entry->used && matches(entry, fields);
			entry->used |= found;
		}
	free_key(fields);
	return found;
}

size_t baseline_left(const struct baseline *baseline)
{
	size_t left = 0;

	for (size_t i = 0; i < baseline->nentries; i++)
		left += !baseline->entries[i].used;
	return left;
}

/* One violation of a report as a line of the file, malloc'ed. */
static char *entry_line(json_t *violation, const char *cwd)
{
	json_t *at = json_object_get(violation, "location");
	struct baseline_key key = {
		.kind = json_string_value(json_object_get(violation, "kind")),
		.type = json_string_value(json_object_get(violation, "type")),
		.file = json_string_value(json_object_get(at, "file")),
		.function = json_string_value(json_object_get(at, "function")),
		.source = json_string_value(json_object_get(at, "source")),
		.target = json_string_value(json_object_get(violation, "target")),
	};
	char *fields[NFIELDS];
	json_t *entry = json_object();
	char *line = NULL;
	bool bad = clean_key(fields, &key, cwd) < 0;

	for (int f = 0; f < NFIELDS; f++)
		if (json_object_set_new(entry, field_names[f],
					fields[f] ? json_string(fields[f]) : json_null()) < 0)
			bad = true;
	if (!bad)
		line = json_dumps(entry, 0);
	json_decref(entry);
	free_key(fields);
	return line;
}

/* Whether an entry could name it; read_entry() asks for the same.  What cannot be known again stays
 * a violation. */
static bool can_be_known(json_t *violation)
{
	json_t *at = json_object_get(violation, "location");

	return json_string_value(json_object_get(violation, "kind")) &&
	       (json_string_value(json_object_get(at, "file")) ||
		json_string_value(json_object_get(violation, "target")));
}

struct lines {
	char **lines;
	size_t n;
};

static int add_report(struct lines *out, const char *text, struct error *err)
{
	json_error_t where;
	json_t *report = json_loads(text, 0, &where), *violation;
	json_t *violations = json_object_get(report, "violations");
	const char *cwd = json_string_value(json_object_get(report, "cwd"));
	size_t i, size = out->n + json_array_size(violations) + 1;
	char **grown = reallocarray(out->lines, size, sizeof(*grown));
	int r = 0;

	if (grown)
		out->lines = grown;
	if (!json_is_array(violations))
		r = error_set(err, "the report is not valid: %s",
			      report ? "it has no \"violations\"" : where.text);
	else if (!grown)
		r = error_set(err, "out of memory");
	else
		json_array_foreach(violations, i, violation)
		{
			if (!can_be_known(violation))
				continue;
			out->lines[out->n] = entry_line(violation, cwd);
			if (!out->lines[out->n]) {
				r = error_set(err, "out of memory");
				break;
			}
			out->n++;
		}
	json_decref(report);
	return r;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *baseline_write(const char *const *reports, size_t nreports, struct error *err)
{
	struct lines all = { NULL, 0 };
	struct buf out = { 0 };
	int r = 0;

	for (size_t i = 0; i < nreports && r == 0; i++)
		r = add_report(&all, reports[i], err);
	if (all.n)
		qsort(all.lines, all.n, sizeof(*all.lines), compare_lines);
	buf_addstr(&out, "{\"schema\": \"" SCHEMA "\",\n \"violations\": [");
	for (size_t i = 0; i < all.n; i++) {
		buf_printf(&out, "%s\n  %s", i ? "," : "", all.lines[i]);
		free(all.lines[i]);
	}
	buf_printf(&out, "%s]}\n", all.n ? "\n " : "");
	free(all.lines);
	if (r < 0)
		buf_done(&out);
	else if (out.failed)
		error_set(err, "out of memory");
	return r < 0 ? NULL : buf_steal(&out);
}
