/* dump_config.c - what the parsers of src/config make of standard input, in hexadecimal, one item a
 * line, so that a test can compare them with Python's.
 * Runs in: tests.  Usage: dump_config dialect|expand|command|environment */
#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/dialect.h"
#include "config/expand.h"
#include "config/notes.h"
#include "config/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hex(const char *text)
{
	putchar(' ');
	for (; *text; text++)
		printf("%02x", (unsigned char)*text);
}

static int fail(const char *text)
{
	printf("error");
	hex(text);
	putchar('\n');
	return 0;
}

static void dump_section(const struct dialect_section *section)
{
	printf("section");
	hex(section->name);
	putchar('\n');
	for (size_t i = 0; i < section->noptions; i++) {
		printf("option");
		hex(section->options[i].name);
		hex(buf_str(&section->options[i].value));
		putchar('\n');
	}
}

static int dump_dialect(const struct buf *in)
{
	struct dialect dialect = { 0 };
	struct buf text = { 0 };
	struct notes notes = { .text = &text };

	if (dialect_read(&dialect, "input", buf_str(in), in->len, &notes) < 0) {
		fail(buf_str(&text));
	} else {
		if (dialect.defaults.name)
			dump_section(&dialect.defaults);
		for (size_t i = 0; i < dialect.nsections; i++)
			dump_section(&dialect.sections[i]);
	}
	buf_done(&text);
	dialect_done(&dialect);
	return 0;
}

static int dump_expand(const struct buf *in)
{
	static const struct expand_name names[] = {
		{ "here", "/etc/shop", 0 },
		{ "program_name",
		  "w\xc3\xa9"
		  "b",
		  0 },
		{ "process_num", NULL, 7 },
		{ "numprocs", NULL, 120 },
		{ "below", NULL, -42 },
	};
	struct expand_scope scope = { names, ARRAY_LEN(names), NULL, NULL };
	struct error err = { "" };
	char *text;

	if (expand(buf_str(in), &scope, &text, &err) < 0)
		return fail(err.text);
	printf("text");
	hex(text);
	putchar('\n');
	free(text);
	return 0;
}

static int dump_words(const struct buf *in, int (*split)(const char *, char ***, struct error *))
{
	struct error err = { "" };
	char **words = NULL;

	if (split(buf_str(in), &words, &err) < 0)
		return fail(err.text);
	for (size_t i = 0; words && words[i]; i++) {
		printf("word");
		hex(words[i]);
		putchar('\n');
	}
	strv_free(words);
	return 0;
}

static int dump(const char *mode, const struct buf *in)
{
	if (strcmp(mode, "dialect") == 0)
		return dump_dialect(in);
	if (strcmp(mode, "expand") == 0)
		return dump_expand(in);
	if (strcmp(mode, "command") == 0)
		return dump_words(in, words_command);
	if (strcmp(mode, "environment") == 0)
		return dump_words(in, words_environment);
	fprintf(stderr, "usage: dump_config dialect|expand|command|environment <FILE\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct buf in = { 0 };
	int status;

	if (fd_read_all(0, &in, (size_t)1 << 24) < 0)
		return 2;
	status = dump(argc > 1 ? argv[1] : "", &in);
	buf_done(&in);
	return status;
}
