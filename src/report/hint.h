/* hint.h - what to do about a finding, in a line or two.
 * Runs in: tracer.  Pure. */
#ifndef REPORT_HINT_H
#define REPORT_HINT_H

struct finding;
struct report;

/* Advice and, on a line of its own, an `allow` rule to paste where allowing is a way; malloc'ed,
 * NULL: out of memory. */
char *hint_make(const struct report *report, const struct finding *finding);

/* The rule that allows just this finding, again in the next run, as --allow takes it; malloc'ed,
 * NULL: out of memory. */
char *hint_rule(const struct report *report, const struct finding *finding);

#endif
