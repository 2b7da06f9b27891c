/* notes.h - what is wrong with a configuration, one line a finding, each with its place.
 * Runs in: supervisor.  Pure. */
#ifndef CONFIG_NOTES_H
#define CONFIG_NOTES_H

#include <stdbool.h>

struct buf;

struct notes {
	struct buf *text; /* borrowed */
	unsigned errors;
	unsigned warnings;
	bool lenient; /* errors are only warnings */
};

/* All borrowed; what is NULL or 0 is left out. */
struct place {
	const char *file;
	unsigned line;
	const char *section;
	const char *key;
};

/* "Error: FILE:LINE: [section] key: what; what to do"; control characters in it are shown as
 * backslash escapes, so that a finding is always one line. */
void notes_error(struct notes *notes, const struct place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void notes_warning(struct notes *notes, const struct place *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
