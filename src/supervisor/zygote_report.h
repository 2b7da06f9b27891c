/* zygote_report.h - what the supervisor does with a zygote's audit report: shows it, remembers the
 * verdict.  Runs in: supervisor. */
#ifndef SUPERVISOR_ZYGOTE_REPORT_H
#define SUPERVISOR_ZYGOTE_REPORT_H

#include <stddef.h>

struct message;
struct zygote_link;

/* A MESSAGE_REPORT.  Of a first start it is printed as it is, later it goes into the log. */
void zygote_report_take(struct zygote_link *link, const struct message *msg);

/* "clean", "2 violations", "not audited"; returns `text`. */
const char *zygote_report_summary(const struct zygote_link *link, char *text, size_t size);

#endif
