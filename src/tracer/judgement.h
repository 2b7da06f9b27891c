/* judgement.h - the report: survivors in /proc matched with the ledger.
 * Runs in: tracer. */
#ifndef TRACER_JUDGEMENT_H
#define TRACER_JUDGEMENT_H

struct engine;
struct import_result;
struct report;
struct survey;
struct verdict;
struct zygote_setup;

/* Fills the report from what is left of the import.  before: what was there when it began.  Each
 * finding goes with the record that explains it, or unattributed.  0 or -errno. */
int judgement_findings(struct report *report, struct engine *engine, const struct survey *before,
		       const struct survey *now, const struct import_result *result);

/* Fills report->error from an outcome other than the end of the import.  0 or -errno. */
int judgement_outcome(struct report *report, struct engine *engine, unsigned timeout_s);

/* Fills report->error from an exception.  0 or -errno. */
int judgement_exception(struct report *report, const struct import_result *result);

/* What the zygote needs to know for its workers: what to do with each allowed fd, and what has been
 * audited.  0 or -ENOMEM. */
int judgement_verdict(struct verdict *verdict, const struct report *report,
		      const struct engine *engine, const struct survey *now);

#endif
