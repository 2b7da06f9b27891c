/* github.h - the report as annotations of GitHub Actions, made from its JSON alone.
 * Runs in: supervisor.  Pure. */
#ifndef REPORT_GITHUB_H
#define REPORT_GITHUB_H

#include <stddef.h>

struct error;

/* A workflow command a line for each violation that the baseline does not know, or for what made
 * the import fail:
 * "::error file=FILE,line=N,title=…::what and what to do"; ::warning with audit = warn.  Empty if
 * there is none. malloc'ed; NULL with the reason in err if the JSON is no report or memory is out.
 */
char *report_github(const char *json, size_t len, struct error *err);

#endif
