/* env_file.c - see env_file.h. */
#include "config/env_file.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define BLANKS " \t\r\f\v"

struct env_reader {
	const char *p; /* where it stands */
	unsigned line;
	struct buf name, value;
	size_t solid; /* bytes of value that no trimming may take away */
	struct error *err;
};

static char next(struct env_reader *reader)
{
	char c = *reader->p++;

	reader->line += c == '\n';
	return c;
}

/* A backslash at the end of the line continues it. */
static void skip_comment(struct env_reader *reader)
{
	while (*reader->p && *reader->p != '\n')
		if (next(reader) == '\\' && *reader->p)
			next(reader);
}

static int read_name(struct env_reader *reader)
{
	const char *start = reader->p;
	size_t len = strcspn(start, "=\n");
	size_t end = len, n = 0;

	while (end && strchr(BLANKS, start[end - 1]))
		end--;
	while (n < end && (isalnum((unsigned char)start[n]) || start[n] == '_'))
		n++;
	if (start[len] != '=')
		return error_set(reader->err, "\"%.*s\" is not NAME=VALUE", (int)end, start);
	if (strncmp(start, "export", 6) == 0 && (start[6] == ' ' || start[6] == '\t'))
		return error_set(reader->err, "this is no shell script; remove the word export");
	if (!end || n < end || isdigit((unsigned char)*start))
		return error_set(reader->err,
				 "\"%.*s\" is not the name of a variable; use letters, digits and "
				 "_",
				 (int)end, start);
	buf_clear(&reader->name);
	buf_add(&reader->name, start, end);
	reader->p = start + len + 1;
	return 0;
}

static int read_quoted(struct env_reader *reader)
{
	unsigned began = reader->line;
	char quote = next(reader);

	while (*reader->p && *reader->p != quote) {
		char c = next(reader);

		if (quote == '"' && c == '\\' && *reader->p == '\n') {
			next(reader);
			continue;
		}
		if (quote == '"' && c == '\\' && *reader->p && strchr("\"\\`$", *reader->p))
			c = next(reader);
		buf_addch(&reader->value, c);
	}
	if (!*reader->p) {
		reader->line = began;
		return error_set(reader->err, "the quote %c is not closed", quote);
	}
	next(reader);
	reader->solid = reader->value.len;
	return 0;
}

/* Up to the end of the line, or of the one that its last quote or backslash leads to. */
static int read_value(struct env_reader *reader)
{
	bool bare = false; /* a quote within a bare word is a character like any other */

	buf_clear(&reader->value);
	reader->solid = 0;
	reader->p += strspn(reader->p, BLANKS);
	while (*reader->p && *reader->p != '\n') {
		if (!bare && (*reader->p == '"' || *reader->p == '\'')) {
			if (read_quoted(reader) < 0)
				return -1;
			reader->p += strspn(reader->p, BLANKS);
			continue;
		}
		bare = true;
		if (*reader->p != '\\') {
			buf_addch(&reader->value, next(reader));
			continue;
		}
		next(reader);
		if (*reader->p && next(reader) != '\n') {
			buf_addch(&reader->value, reader->p[-1]);
			reader->solid = reader->value.len;
		}
	}
	while (reader->value.len > reader->solid &&
	       strchr(BLANKS, reader->value.data[reader->value.len - 1]))
		reader->value.data[--reader->value.len] = '\0';
	return 0;
}

static int read_line(struct env_reader *reader, char ***environment)
{
	reader->p += strspn(reader->p, BLANKS);
	if (*reader->p == '#' || *reader->p == ';') {
		skip_comment(reader);
	} else if (*reader->p && *reader->p != '\n') {
		if (read_name(reader) < 0 || read_value(reader) < 0)
			return -1;
		if (reader->value.failed ||
		    strv_setenv(environment, buf_str(&reader->name), buf_str(&reader->value)) < 0)
			return error_set(reader->err, "out of memory");
	}
	return 0;
}

int env_file_read(const char *text, size_t len, char ***environment, unsigned *ret_line,
		  struct error *err)
{
	struct env_reader reader = { .p = text, .line = 1, .err = err };
	int r = 0;

	while (*reader.p && r == 0) {
		r = read_line(&reader, environment);
		if (r == 0 && *reader.p == '\n')
			next(&reader);
	}
	*ret_line = reader.line;
	if (r == 0 && reader.p != text + len)
		r = error_set(err, "there is a NUL in the line");
	buf_done(&reader.name);
	buf_done(&reader.value);
	return r;
}
