/* dialect.c - see dialect.h; the rules are those of RawConfigParser._read in CPython 3.11.
 *
 * Not built on inih: its limits (lines of 199 bytes, names of 49) and its other idea of comments,
 * continuations and duplicates would leave it nothing to do but to hand back lines that were made
 * for it, each already taken apart. */
#include "config/dialect.h"

#include "base/strv.h"
#include "config/array.h"
#include "config/notes.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the text; not NUL-terminated. */
struct span {
	const char *at;
	size_t len;
};

struct reader {
	struct dialect *dialect;
	struct notes *notes;
	const char *file; /* borrowed from dialect->files */
	unsigned line;
	struct dialect_section *section; /* NULL before the first header */
	struct dialect_option *option;   /* that a deeper line continues; NULL: none */
	size_t indent;                   /* of the line that began the option */
	bool headless;                   /* complained about text before the first header */
};

/* str.isspace() for ASCII: \x1c to \x1f are among it. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

static struct span strip(struct span s)
{
	while (s.len && is_blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

static size_t find_from(struct span line, size_t from, char c)
{
	const char *hit = from < line.len ? memchr(line.at + from, c, line.len - from) : NULL;

	return hit ? (size_t)(hit - line.at) : SIZE_MAX;
}

/* Where a comment begins, or line.len.  Python looks at the n-th `;` and the n-th `#` together and
 * stops at the first n at which either has white space before it. */
static size_t comment_start(struct span line)
{
	size_t semicolon = find_from(line, 0, ';'), hash = find_from(line, 0, '#');
	size_t start = line.len;

	while (start == line.len && (semicolon != SIZE_MAX || hash != SIZE_MAX)) {
		if (semicolon != SIZE_MAX && (!semicolon || is_blank(line.at[semicolon - 1])))
			start = semicolon;
		if (hash < start && (!hash || is_blank(line.at[hash - 1])))
			start = hash;
		if (semicolon != SIZE_MAX)
			semicolon = find_from(line, semicolon + 1, ';');
		if (hash != SIZE_MAX)
			hash = find_from(line, hash + 1, '#');
	}
	return start;
}

static struct place here(const struct reader *reader)
{
	return (struct place){ .file = reader->file,
			       .line = reader->line,
			       .section = reader->section ? reader->section->name : NULL };
}

static void out_of_memory(struct reader *reader)
{
	struct place place = here(reader);

	notes_error(reader->notes, &place, "out of memory");
}

struct dialect_section *dialect_find(const struct dialect *dialect, const char *section)
{
	for (size_t i = 0; i < dialect->nsections; i++)
		if (strcmp(dialect->sections[i].name, section) == 0)
			return &dialect->sections[i];
	return NULL;
}

static struct dialect_option *find_option(const struct dialect_section *section, const char *name)
{
	for (size_t i = 0; i < section->noptions; i++)
		if (strcmp(section->options[i].name, name) == 0)
			return &section->options[i];
	return NULL;
}

const struct dialect_option *dialect_get(const struct dialect *dialect,
					 const struct dialect_section *section, const char *name)
{
	const struct dialect_option *own = find_option(section, name);

	return own ? own : find_option(&dialect->defaults, name);
}

/* Takes the name over. */
static void enter_section(struct reader *reader, char *name)
{
	struct dialect *dialect = reader->dialect;
	struct dialect_section *section = name ? dialect_find(dialect, name) : NULL;

	reader->option = NULL;
	if (section) {
		free(name);
		reader->section = section;
		return;
	}
	if (name && strcmp(name, "DEFAULT") == 0)
		section = &dialect->defaults;
	else if (name)
		section = array_append((void **)&dialect->sections, &dialect->nsections,
				       sizeof(*section));
	if (!section) {
		free(name);
		out_of_memory(reader);
		return;
	}
	reader->section = section;
	free(section->name);
	section->name = name;
	section->file = reader->file;
	section->line = reader->line;
}

/* Keys of ours whose repetitions make one list; of supervisord's the last one counts. */
static bool is_list(const struct dialect_section *section, const char *option)
{
	return section->name && strncmp(section->name, "zygote:", 7) == 0 &&
	       strcmp(option, "allow") == 0;
}

/* Takes the name over. */
static void begin_option(struct reader *reader, char *name, struct span value)
{
	struct dialect_section *section = reader->section;
	struct dialect_option *option = name ? find_option(section, name) : NULL;

	reader->option = NULL;
	if (option) {
		free(name);
	} else if (name) {
		option = array_append((void **)&section->options, &section->noptions,
				      sizeof(*option));
		if (option)
			option->name = name;
		else
			free(name);
	}
	if (!option) {
		out_of_memory(reader);
		return;
	}
	option->file = reader->file;
	option->line = reader->line;
	/* Rules add up, so that each that a report proposes can be pasted as it is. */
	if (is_list(section, option->name) && option->value.len)
		buf_addch(&option->value, '\n');
	else
		buf_clear(&option->value);
	buf_add(&option->value, value.at, value.len);
	reader->option = option;
}

static char *lowered(struct span s)
{
	char *text = strndup(s.at, s.len);

	for (char *p = text; p && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return text;
}

/* How much of a line a message shows. */
static int shown_len(struct span line)
{
	return (int)(line.len < 200 ? line.len : 200);
}

static void option_line(struct reader *reader, struct span line)
{
	struct place place = here(reader);
	size_t n = 0;

	while (n < line.len && line.at[n] != '=' && line.at[n] != ':')
		n++;
	/* To Python's parser "[program:x" is a key and its value. */
	if (line.at[0] == '[')
		notes_warning(reader->notes, &place,
			      "\"%.*s\" has no closing \"]\", so it is no section, and what stands "
			      "below it belongs to the one above",
			      shown_len(line), line.at);
	if (n == line.len) {
		notes_error(reader->notes, &place,
			    "\"%.*s\" has no value; write \"name = value\", or indent the line to "
			    "continue the value above",
			    shown_len(line), line.at);
		return;
	}
	if (n == 0) {
		notes_error(reader->notes, &place, "there is no name before \"%c\"", line.at[0]);
		return;
	}
	begin_option(reader, lowered(strip((struct span){ line.at, n })),
		     strip((struct span){ line.at + n + 1, line.len - n - 1 }));
}

static void headless_line(struct reader *reader, struct span line)
{
	struct place place = here(reader);

	if (reader->headless)
		return;
	reader->headless = true;
	notes_error(reader->notes, &place,
		    line.at[0] == '[' && !memchr(line.at, ']', line.len)
			    ? "\"%.*s\" has no closing \"]\", so it is no section"
			    : "\"%.*s\" stands before the first section; put a header such as "
			      "[supervisord] above it",
		    shown_len(line), line.at);
}

/* The header reaches to the last `]` of the line. */
static bool header_line(struct reader *reader, struct span line)
{
	const char *end = line.len && line.at[0] == '[' ? memrchr(line.at, ']', line.len) : NULL;

	if (!end || end == line.at + 1)
		return false;
	enter_section(reader, strndup(line.at + 1, (size_t)(end - line.at) - 1));
	return true;
}

static void read_line(struct reader *reader, struct span line)
{
	size_t start = comment_start(line), indent = 0;
	struct span text = strip(line);

	if (text.len && (text.at[0] == ';' || text.at[0] == '#'))
		return;
	text = strip((struct span){ line.at, start });
	if (!text.len) {
		if (start == line.len && reader->option)
			buf_addch(&reader->option->value, '\n');
		return;
	}
	while (is_blank(line.at[indent]))
		indent++;
	if (reader->option && indent > reader->indent) {
		buf_addch(&reader->option->value, '\n');
		buf_add(&reader->option->value, text.at, text.len);
		return;
	}
	reader->indent = indent;
	if (header_line(reader, text))
		return;
	if (reader->section)
		option_line(reader, text);
	else
		headless_line(reader, text);
}

/* Lines end at \n, \r or \r\n, as in Python's text files. */
static struct span next_line(struct span *rest)
{
	struct span line = { rest->at, 0 };
	size_t skip;

	while (line.len < rest->len && line.at[line.len] != '\n' && line.at[line.len] != '\r')
		line.len++;
	skip = line.len < rest->len;
	if (skip && line.at[line.len] == '\r' && line.len + 1 < rest->len &&
	    line.at[line.len + 1] == '\n')
		skip = 2;
	rest->at += line.len + skip;
	rest->len -= line.len + skip;
	return line;
}

/* Blank lines at a value's end are not part of it. */
static void finish_values(struct reader *reader, struct dialect_section *section)
{
	for (size_t i = 0; i < section->noptions; i++) {
		struct buf *value = &section->options[i].value;

		while (value->len && is_blank(value->data[value->len - 1]))
			value->data[--value->len] = '\0';
		if (value->failed)
			out_of_memory(reader);
	}
}

static void read_lines(struct reader *reader, struct span rest)
{
	struct place place = { .file = reader->file, .line = 1 };

	if (rest.len >= 3 && memcmp(rest.at, "\xef\xbb\xbf", 3) == 0) {
		notes_error(reader->notes, &place,
			    "the file begins with a byte order mark; save it as UTF-8 without one");
		rest.at += 3;
		rest.len -= 3;
	}
	while (rest.len) {
		struct span line = next_line(&rest);

		reader->line++;
		if (memchr(line.at, '\0', line.len)) {
			place.line = reader->line;
			notes_error(reader->notes, &place,
				    "the line holds a NUL byte; this is not a text file");
			break;
		}
		read_line(reader, line);
	}
	finish_values(reader, &reader->dialect->defaults);
	for (size_t i = 0; i < reader->dialect->nsections; i++)
		finish_values(reader, &reader->dialect->sections[i]);
}

int dialect_read(struct dialect *dialect, const char *file, const char *text, size_t len,
		 struct notes *notes)
{
	struct reader reader = { .dialect = dialect, .notes = notes };
	unsigned before = notes->errors;

	if (strv_add(&dialect->files, file) < 0) {
		notes_error(notes, &(struct place){ .file = file }, "out of memory");
		return -1;
	}
	reader.file = dialect->files[strv_len(dialect->files) - 1];
	read_lines(&reader, (struct span){ text, len });
	return notes->errors == before ? 0 : -1;
}

static void section_done(struct dialect_section *section)
{
	for (size_t i = 0; i < section->noptions; i++) {
		free(section->options[i].name);
		buf_done(&section->options[i].value);
	}
	free(section->options);
	free(section->name);
}

void dialect_done(struct dialect *dialect)
{
	section_done(&dialect->defaults);
	for (size_t i = 0; i < dialect->nsections; i++)
		section_done(&dialect->sections[i]);
	free(dialect->sections);
	strv_free(dialect->files);
	memset(dialect, 0, sizeof(*dialect));
}
