/* text.c - see text.h. */
#include "report/text.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"
#include "report/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define GREEN "\033[1;32m"
#define YELLOW "\033[33m"
#define CYAN "\033[36m"
#define RESET "\033[0m"

#define SAME_FRAMES_SHOWN 3 /* as Python's traceback module: _RECURSIVE_CUTOFF */

struct printer {
	struct buf out;
	bool color;
};

/* ---- small pieces ---- */

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static const char *or_(const char *text, const char *other)
{
	return text && *text ? text : other;
}

/* Our own text. */
static void say(struct printer *p, const char *text)
{
	buf_addstr(&p->out, text);
}

static void style(struct printer *p, const char *code)
{
	if (p->color)
		buf_addstr(&p->out, code);
}

/* U+0080 to U+009F (C1 controls, CSI among them), the bidirectional overrides and the separators
 * U+2028 and U+2029; all of them can make a terminal show what is not there. */
static unsigned deceptive(const unsigned char *s, size_t len)
{
	unsigned c = 0;

	if (len == 2)
		c = (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	else if (len == 3)
		c = (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
	if ((c >= 0x80 && c <= 0x9f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return c;
	return 0;
}

/* The application's text, harmless.  `keep` are the control characters that may stay. */
static void quote(struct printer *p, const char *text, const char *keep)
{
	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t len = utf8_sequence(text);
		unsigned wide = deceptive((const unsigned char *)text, len);

		if (len == 0 || ((c < 0x20 || c == 0x7f) && !strchr(keep, c)))
			buf_printf(&p->out, "\\x%02x", c);
		else if (wide)
			buf_printf(&p->out, wide < 0x100 ? "\\x%02x" : "\\u%04x", wide);
		else
			buf_add(&p->out, text, len);
		text += len ? len : 1;
	}
}

static void put(struct printer *p, const char *text)
{
	quote(p, text, "\t");
}

/* Lines of the application's text, each behind `indent`. */
static void put_lines(struct printer *p, const char *text, const char *indent)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = strndup(text, len);

		if (!line) {
			p->out.failed = true;
			return;
		}
		say(p, indent);
		put(p, line);
		say(p, "\n");
		free(line);
		text += len + (text[len] == '\n');
	}
}

/* Advice, wrapped at 100 columns; the line with the rule stays whole, so that it can be pasted. */
static void put_hint(struct printer *p, const char *hint)
{
	const char *indent = "   ";
	size_t column = 0;

	while (*hint) {
		size_t len = strcspn(hint, " \n");
		CLEANUP_FREE char *word = strndup(hint, len);
		bool whole = column == 0 && strncmp(hint, "To accept it:", 13) == 0;

		if (whole) {
			put_lines(p, hint, indent);
			return;
		}
		if (column && column + 1 + len > 97) {
			say(p, "\n");
			column = 0;
		}
		say(p, column ? " " : indent);
		put(p, word ? word : "");
		column += len + (column != 0);
		hint += len;
		if (*hint == '\n' || !*hint) {
			say(p, "\n");
			column = 0;
		}
		hint += *hint != '\0';
	}
}

static void put_strings(struct printer *p, json_t *array, const char *between)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		if (i)
			say(p, between);
		put(p, or_(json_string_value(item), "?"));
	}
}

static void put_plural(struct printer *p, size_t n, const char *noun)
{
	buf_printf(&p->out, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

/* ---- tracebacks ---- */

static void put_frame(struct printer *p, json_t *frame, bool mark)
{
	json_t *line = json_object_get(frame, "line");
	const char *source = text_of(frame, "source");

	if (mark)
		style(p, BOLD);
	say(p, "  File \"");
	put(p, or_(text_of(frame, "file"), "?"));
	if (json_is_integer(line))
		buf_printf(&p->out, "\", line %lld, in ", (long long)json_integer_value(line));
	else
		say(p, "\", in ");
	put(p, or_(text_of(frame, "function"), "?"));
	say(p, "\n");
	if (source && *source) {
		say(p, "    ");
		put(p, source);
		say(p, "\n");
	}
	if (mark)
		style(p, RESET);
}

/* Python's own layout, so that editors and other tools know it.  The frame that equals `mark` is
 * shown in bold: its innermost occurrence. */
static void put_traceback(struct printer *p, json_t *frames, json_t *mark)
{
	size_t n = json_array_size(frames), repeated = 0, marked = n;

	for (size_t i = 0; i < n && mark; i++)
		if (json_equal(json_array_get(frames, i), mark))
			marked = i;
	say(p, "Traceback (most recent call last):\n");
	for (size_t i = 0; i < n; i++) {
		json_t *frame = json_array_get(frames, i);
		bool same = i > 0 && json_equal(frame, json_array_get(frames, i - 1));

		repeated = same ? repeated + 1 : 0;
		if (repeated < SAME_FRAMES_SHOWN)
			put_frame(p, frame, i == marked);
		else if (i + 1 == n || !json_equal(frame, json_array_get(frames, i + 1)))
			buf_printf(&p->out, "  [Previous line repeated %zu more time%s]\n",
				   repeated - SAME_FRAMES_SHOWN + 1,
				   repeated == SAME_FRAMES_SHOWN ? "" : "s");
	}
}

static void put_location(struct printer *p, json_t *at)
{
	json_t *line = json_object_get(at, "line");

	put(p, or_(text_of(at, "file"), "?"));
	if (json_is_integer(line))
		buf_printf(&p->out, ":%lld", (long long)json_integer_value(line));
	say(p, " in ");
	put(p, or_(text_of(at, "function"), "?"));
}

/* ---- findings ---- */

/* "fd 7 (file): /var/log/shop.log", "thread 4711: Thread-1 (poll)" */
static void put_subject(struct printer *p, json_t *finding)
{
	const char *kind = or_(text_of(finding, "kind"), "?"), *type = text_of(finding, "type");
	json_t *fd = json_object_get(finding, "fd"), *pid = json_object_get(finding, "pid");

	put(p, kind);
	if (json_is_integer(fd))
		buf_printf(&p->out, "%s %lld", strcmp(kind, "fd") == 0 ? "" : " on fd",
			   (long long)json_integer_value(fd));
	else if (json_is_integer(pid))
		buf_printf(&p->out, " %lld", (long long)json_integer_value(pid));
	if (type && strcmp(type, kind) != 0) {
		say(p, " (");
		put(p, type);
		say(p, ")");
	}
	if (text_of(finding, "target")) {
		say(p, ": ");
		put(p, text_of(finding, "target"));
	}
}

/* "   O_WRONLY|O_CLOEXEC, made by openat() in thread MainThread" */
static void put_details(struct printer *p, json_t *finding)
{
	json_t *flags = json_object_get(finding, "flags");
	const char *call = text_of(finding, "syscall"), *thread = text_of(finding, "thread");
	json_t *at = json_object_get(finding, "location");
	const char *comma = "   ";

	if (json_array_size(flags)) {
		say(p, comma);
		put_strings(p, flags, "|");
		comma = ", ";
	}
	if (call) {
		say(p, comma);
		say(p, "made by ");
		put(p, call);
		say(p, "()");
		comma = ", ";
	}
	if (thread) {
		say(p, call ? " " : comma);
		say(p, "in thread ");
		put(p, thread);
		comma = ", ";
	}
	if (strcmp(comma, ", ") == 0)
		say(p, "\n");
	if (json_is_object(at)) {
		say(p, "   at ");
		style(p, CYAN);
		put_location(p, at);
		style(p, RESET);
		say(p, "\n");
	}
}

static void put_lineage(struct printer *p, json_t *finding)
{
	json_t *lineage = json_object_get(finding, "lineage"), *origin;
	json_t *fd = json_object_get(finding, "fd");
	size_t i;

	json_array_foreach(lineage, i, origin)
	{
		json_t *from = json_object_get(origin, "fd");

		say(p, json_is_integer(fd) ? "fd " : "It ");
		if (json_is_integer(fd))
			buf_printf(&p->out, "%lld ", (long long)json_integer_value(fd));
		say(p, "is a copy of ");
		if (json_is_integer(from))
			buf_printf(&p->out, "fd %lld", (long long)json_integer_value(from));
		else
			say(p, "an fd of another process");
		if (text_of(origin, "syscall")) {
			say(p, ", which ");
			put(p, text_of(origin, "syscall"));
			say(p, "() made");
		}
		if (text_of(origin, "thread")) {
			say(p, " in thread ");
			put(p, text_of(origin, "thread"));
		}
		if (json_array_size(json_object_get(origin, "traceback"))) {
			say(p, ":\n");
			put_traceback(p, json_object_get(origin, "traceback"), NULL);
		} else {
			say(p, ".\n");
		}
		fd = from;
	}
}

static void put_violation(struct printer *p, json_t *finding, size_t number)
{
	json_t *frames = json_object_get(finding, "traceback");
	const char *hint = text_of(finding, "hint");

	style(p, RED);
	buf_printf(&p->out, "%zu. ", number);
	put_subject(p, finding);
	style(p, RESET);
	say(p, "\n");
	put_details(p, finding);
	if (json_array_size(frames))
		put_traceback(p, frames, json_object_get(finding, "location"));
	put_lineage(p, finding);
	if (hint) {
		style(p, YELLOW);
		put_hint(p, hint);
		style(p, RESET);
	}
	say(p, "\n");
}

/* Whether everything that is printed below the first lines is the same: a pool of threads, the two
 * ends of a pipe. */
static bool same_story(json_t *a, json_t *b)
{
	static const char *const keys[] = { "kind", "type", "traceback", "lineage" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i])))
			return false;
	return json_array_size(json_object_get(a, "traceback")) > 0;
}

/* A short entry if an earlier violation tells the same story.  Returns whether it did. */
static bool put_repetition(struct printer *p, json_t *finding, size_t number, json_t *earlier,
			   size_t earlier_number)
{
	if (!earlier || !same_story(earlier, finding))
		return false;
	style(p, RED);
	buf_printf(&p->out, "%zu. ", number);
	put_subject(p, finding);
	style(p, RESET);
	buf_printf(&p->out, "\n   made at the same place as %zu\n\n", earlier_number);
	return true;
}

/* Returns how many are new; *ret_known: how many the baseline excuses. */
static size_t put_violations(struct printer *p, json_t *report, size_t *ret_known)
{
	json_t *violations = json_object_get(report, "violations"), *finding;
	json_t *told = NULL;
	size_t i, number = 0, told_number = 0;

	*ret_known = 0;
	json_array_foreach(violations, i, finding)
	{
		if (json_is_true(json_object_get(finding, "baseline"))) {
			++*ret_known;
			continue;
		}
		number++;
		if (put_repetition(p, finding, number, told, told_number))
			continue;
		put_violation(p, finding, number);
		told = finding;
		told_number = number;
	}
	return number;
}

static void put_allowed(struct printer *p, json_t *report)
{
	json_t *allowed = json_object_get(report, "allowed"), *finding;
	size_t i;

	json_array_foreach(allowed, i, finding)
	{
		const char *action = or_(text_of(finding, "action"), "keep");

		say(p, "allowed: ");
		put_subject(p, finding);
		if (json_is_object(json_object_get(finding, "location"))) {
			say(p, " at ");
			put_location(p, json_object_get(finding, "location"));
		}
		say(p, "; workers ");
		say(p, strcmp(action, "reopen") == 0  ? "reopen it"
		       : strcmp(action, "null") == 0  ? "get /dev/null instead"
		       : strcmp(action, "close") == 0 ? "have it closed"
						      : "keep it");
		say(p, " [");
		put(p, or_(text_of(finding, "rule"), "?"));
		say(p, "]\n");
	}
}

static void put_remarks(struct printer *p, json_t *report, size_t known)
{
	json_t *item;
	size_t i;

	put_allowed(p, report);
	json_array_foreach(json_object_get(report, "unused_rules"), i, item)
	{
		style(p, YELLOW);
		say(p, "unused rule: ");
		put(p, or_(json_string_value(item), "?"));
		style(p, RESET);
		say(p, " (nothing matched it; remove it, or see whether it is misspelt)\n");
	}
	json_array_foreach(json_object_get(report, "notes"), i, item)
	{
		say(p, "note: ");
		put(p, or_(json_string_value(item), "?"));
		say(p, "\n");
	}
	if (known) {
		say(p, "baseline: ");
		put_plural(p, known, "known violation");
		say(p, known == 1 ? " is excused\n" : " are excused\n");
	}
}

/* ---- errors ---- */

static void put_threads(struct printer *p, json_t *threads)
{
	json_t *thread;
	size_t i;

	json_array_foreach(threads, i, thread)
	{
		json_t *frames = json_object_get(thread, "traceback");

		style(p, BOLD);
		say(p, "Thread ");
		put(p, or_(text_of(thread, "name"), "?"));
		style(p, RESET);
		buf_printf(&p->out, " (%lld)",
			   (long long)json_integer_value(json_object_get(thread, "tid")));
		if (json_array_size(frames)) {
			say(p, ":\n");
			put_traceback(p, frames, NULL);
		} else {
			say(p, ": runs no Python code\n");
		}
		say(p, "\n");
	}
}

static void put_error(struct printer *p, json_t *error)
{
	bool audit = strcmp(or_(text_of(error, "kind"), ""), "audit") == 0;
	const char *text = text_of(error, "text"), *type = text_of(error, "type");
	const char *message = text_of(error, "message");
	bool hang = json_array_size(json_object_get(error, "threads")) > 0;

	put_threads(p, json_object_get(error, "threads"));
	if (text && *text) {
		put_lines(p, text, "");
	} else {
		if (json_array_size(json_object_get(error, "traceback")) && !hang)
			put_traceback(p, json_object_get(error, "traceback"), NULL);
		style(p, RED);
		if (type && !audit) {
			put(p, type);
			say(p, message && *message ? ": " : "\n");
		}
		if (message)
			put_lines(p, message, "");
		style(p, RESET);
	}
	say(p, "\n");
	style(p, RED);
	say(p, audit ? "The audit could not run, so nothing is forked.\n"
		     : "The import failed, so nothing is forked.\n");
	style(p, RESET);
}

/* ---- the whole ---- */

static void put_title(struct printer *p, json_t *report)
{
	const char *name = text_of(report, "name"), *python = text_of(report, "python");
	json_t *target = json_object_get(report, "target");
	const char *first = json_string_value(json_array_get(target, 0));

	style(p, BOLD);
	say(p, "Audit of ");
	put_strings(p, target, ", ");
	style(p, RESET);
	if (name && *name && strcmp(name, or_(first, "")) != 0) {
		say(p, " for zygote ");
		put(p, name);
	}
	if (python) {
		say(p, " (Python ");
		put(p, python);
		say(p, ")");
	}
	say(p, "\n\n");
}

static void put_figures(struct printer *p, json_t *report)
{
	buf_printf(&p->out, "The import took %.2f s",
		   json_number_value(json_object_get(report, "import_seconds")));
	if (json_integer_value(json_object_get(report, "events")) > 0)
		buf_printf(&p->out, " and made %lld file descriptors",
			   (long long)json_integer_value(json_object_get(report, "events")));
	say(p, ".\n");
}

static void put_verdict(struct printer *p, json_t *report, size_t violations, size_t known)
{
	const char *policy = or_(text_of(report, "policy"), "enforce");

	style(p, violations ? RED : GREEN);
	if (!violations) {
		say(p, known ? "Nothing new" : "Clean");
		style(p, RESET);
		say(p, known ? ": only what the baseline knows is left over from the import; it "
			       "may be forked.\n"
			     : ": the import leaves nothing behind that workers must not share; "
			       "it may be forked.\n");
		return;
	}
	put_plural(p, violations, "violation");
	style(p, RESET);
	if (strcmp(policy, "enforce") == 0)
		say(p, ": workers would share what is listed above, so nothing is forked.\n");
	else
		say(p, ": workers share what is listed above. They are forked all the same, "
		       "because audit = warn.\n");
}

char *report_text(const char *json, size_t len, bool color, struct error *err)
{
	struct printer p = { { 0 }, color };
	json_error_t where;
	json_t *report = json_loadb(json, len, 0, &where);
	json_t *error = json_object_get(report, "error");
	size_t known = 0, violations = 0;
	char *text;

	if (!report || !text_of(report, "schema") ||
	    strcmp(text_of(report, "schema"), "forkserver-audit/1") != 0) {
		error_set(err, "not an audit report: %s",
			  report ? "the schema is not forkserver-audit/1" : where.text);
		json_decref(report);
		return NULL;
	}
	put_title(&p, report);
	if (json_is_object(error)) {
		put_error(&p, error);
		put_remarks(&p, report, 0);
	} else {
		violations = put_violations(&p, report, &known);
		put_remarks(&p, report, known);
		put_figures(&p, report);
		put_verdict(&p, report, violations, known);
	}
	json_decref(report);
	text = buf_steal(&p.out);
	if (!text)
		error_set(err, "out of memory");
	return text;
}
