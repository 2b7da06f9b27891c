/* verdict.h - what a report's JSON says in one word, for programs.
 * Runs in: supervisor.  Pure. */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

#include <stddef.h>

/* The values are the exit statuses of `forkserver --audit-only`. */
enum verdict {
	VERDICT_CLEAN = 0,
	VERDICT_VIOLATIONS = 1,
	VERDICT_IMPORT_FAILED = 3, /* the application could not be imported */
	VERDICT_NO_AUDIT = 4,      /* the audit could not run */
};

/* What is needed of a report to act on it. */
struct verdict_summary {
	enum verdict verdict;
	size_t violations; /* new ones */
	size_t known;      /* in the baseline */
	size_t allowed;
	char first[256]; /* the first thing that is wrong, in a line, for people; "": nothing */
};

/* 0, or -EPROTO if the text is no report. */
int verdict_read(struct verdict_summary *ret, const char *json, size_t len);

#endif
