/* notes.c - see notes.h. */
#include "config/notes.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

static void add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n')
			buf_addstr(out, "\\n");
		else if (c == '\t')
			buf_addstr(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_addch(out, (char)c);
	}
}

/* The same is said once, however many processes it concerns. */
static bool was_said(const struct buf *text, const struct buf *line)
{
	const char *hit = buf_str(text);

	while ((hit = strstr(hit, buf_str(line)))) {
		if (hit == buf_str(text) || hit[-1] == '\n')
			return true;
		hit++;
	}
	return false;
}

static void add(struct notes *notes, const char *label, const struct place *place,
		const char *format, va_list ap)
{
	struct buf raw = { 0 }, line = { 0 };

	if (place->file)
		buf_addstr(&raw, place->file);
	if (place->file && place->line)
		buf_printf(&raw, ":%u", place->line);
	if (place->file)
		buf_addstr(&raw, ": ");
	if (place->section)
		buf_printf(&raw, "[%s] ", place->section);
	if (place->key)
		buf_printf(&raw, "%s: ", place->key);
	buf_vprintf(&raw, format, ap);
	buf_printf(&line, "%s: ", label);
	add_escaped(&line, buf_str(&raw));
	buf_addch(&line, '\n');
	if (!was_said(notes->text, &line))
		buf_add(notes->text, line.data, line.len);
	buf_done(&raw);
	buf_done(&line);
}

void notes_error(struct notes *notes, const struct place *place, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(notes, notes->lenient ? "Warning" : "Error", place, format, ap);
	va_end(ap);
	if (notes->lenient)
		notes->warnings++;
	else
		notes->errors++;
}

void notes_warning(struct notes *notes, const struct place *place, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(notes, "Warning", place, format, ap);
	va_end(ap);
	notes->warnings++;
}
