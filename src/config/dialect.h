/* dialect.h - INI files read as Python's ConfigParser reads them for supervisord.
 * Runs in: supervisor.  Pure: bytes in, sections and options out.
 *
 * - `;` and `#` begin a comment at the start of a line or after white space, even within quotes.
 * - An option ends its name at the first `=` or `:`; names are lower-cased, section names are not.
 * - A line indented deeper than its option's line continues the value, joined by a newline; blank
 *   and comment lines do not end a value.
 * - Sections and options that come again are merged, the last value wins; [DEFAULT] gives values
 *   to every section that lacks them.
 * - White space and upper case are ASCII's; everything else is taken as bytes, of any length.
 */
#ifndef CONFIG_DIALECT_H
#define CONFIG_DIALECT_H

#include "base/buf.h"

#include <stddef.h>

struct notes;

struct dialect_option {
	char *name;       /* owned */
	struct buf value; /* joined and stripped */
	const char *file; /* of the last definition; borrowed from the dialect */
	unsigned line;
};

struct dialect_section {
	char *name;                     /* owned */
	const char *file;               /* of the first header; borrowed from the dialect */
	unsigned line;                  /* of the first header */
	struct dialect_option *options; /* owned, in order of first appearance */
	size_t noptions;
};

/* Zero-initialised is empty. */
struct dialect {
	struct dialect_section defaults;  /* [DEFAULT] */
	struct dialect_section *sections; /* owned, in order of first appearance */
	size_t nsections;
	char **files; /* names of the files read so far; owned */
};

/* Adds a file's text to what was read before.  All that is wrong goes to notes; 0 if nothing was,
 * else -1 with what could be read. */
int dialect_read(struct dialect *dialect, const char *file, const char *text, size_t len,
		 struct notes *notes);
void dialect_done(struct dialect *dialect);

/* NULL if there is none; borrowed. */
struct dialect_section *dialect_find(const struct dialect *dialect, const char *section);

/* The section's own option, or [DEFAULT]'s, or NULL; borrowed. */
const struct dialect_option *dialect_get(const struct dialect *dialect,
					 const struct dialect_section *section, const char *name);

#endif
