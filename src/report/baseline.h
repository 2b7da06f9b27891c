/* baseline.h - the violations that are known already, so that only new ones fail an audit.
 * Runs in: tracer (matches), supervisor (checks and writes).  Pure.
 *
 * {"schema": "forkserver-baseline/1", "violations": [{"kind", "type", "file", "function", "source",
 * "target"} …]}
 *
 * A violation is known by its location, the innermost frame of the application, and not by its line
 * number, which changes with every edit above it: file, function and the text of the source line.
 * The file is relative to the application's working directory if below it, and begins at
 * site-packages/ or dist-packages/ if below one, so that it means the same on every machine.  Where
 * nothing is known of the location, the target counts, any number in it standing for every other (a
 * port, an inode).  Each entry excuses one violation: two known at a place do not excuse a third.
 */
#ifndef REPORT_BASELINE_H
#define REPORT_BASELINE_H

#include <stdbool.h>
#include <stddef.h>

struct baseline;
struct error;

/* One violation as the baseline sees it; borrowed, NULL where not known. */
struct baseline_key {
	const char *kind;
	const char *type;
	const char *file;
	const char *function;
	const char *source;
	const char *target;
};

/* name is that of the file, for messages.  0 and a new *ret, or -1 with the reason in err. */
int baseline_parse(struct baseline **ret, const char *name, const char *text, size_t len,
		   struct error *err);
void baseline_free(struct baseline *baseline);

/* Whether an entry is left that excuses it; that entry is used up.  cwd may be NULL. */
bool baseline_take(struct baseline *baseline, const struct baseline_key *key, const char *cwd);

size_t baseline_left(const struct baseline *baseline); /* entries that excused nothing so far */

/* A baseline file that excuses every violation of these reports (JSON texts), sorted, one entry a
 * line; malloc'ed.  NULL: out of memory, or a text is not a report (err says which). */
char *baseline_write(const char *const *reports, size_t nreports, struct error *err);

#endif
