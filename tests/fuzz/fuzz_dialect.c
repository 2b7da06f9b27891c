/* fuzz_dialect.c - any bytes as a configuration file: what is read must hold together, and reading
 * it again into the same dialect must change nothing but the places. */
#include "base/buf.h"
#include "config/dialect.h"
#include "config/notes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_section(const struct dialect *dialect, const struct dialect_section *section,
			  unsigned lines)
{
	if (!section->name || !section->file || !section->line || section->line > lines)
		abort();
	for (size_t i = 0; i < section->noptions; i++) {
		const struct dialect_option *option = &section->options[i];

		if (!option->name || !*option->name || !option->file || !option->line ||
		    option->line > lines || strlen(buf_str(&option->value)) > option->value.len)
			abort();
		for (const char *p = option->name; *p; p++)
			if ((*p >= 'A' && *p <= 'Z') || *p == '\n')
				abort();
		if (section != &dialect->defaults &&
		    dialect_get(dialect, section, option->name) != option)
			abort();
	}
}

static void check(const struct dialect *dialect, unsigned lines)
{
	if (dialect->defaults.name)
		check_section(dialect, &dialect->defaults, lines);
	for (size_t i = 0; i < dialect->nsections; i++) {
		check_section(dialect, &dialect->sections[i], lines);
		if (dialect_find(dialect, dialect->sections[i].name) != &dialect->sections[i])
			abort(); /* two of one name were not merged */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dialect dialect = { 0 };
	struct buf text = { 0 };
	struct notes notes = { .text = &text };
	unsigned lines = 1;
	size_t sections;
	int r;

	for (size_t i = 0; i < len; i++)
		lines += data[i] == '\n' || data[i] == '\r';
	r = dialect_read(&dialect, "input", (const char *)data, len, &notes);
	if ((r == 0) != (notes.errors == 0) || (r < 0 && !text.len))
		abort();
	check(&dialect, lines);
	sections = dialect.nsections;
	if (r == 0 && dialect_read(&dialect, "again", (const char *)data, len, &notes) < 0)
		abort();
	check(&dialect, lines);
	if (r == 0 && dialect.nsections != sections)
		abort();
	buf_done(&text);
	dialect_done(&dialect);
	return 0;
}
