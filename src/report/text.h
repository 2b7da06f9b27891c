/* text.h - the report for people, made from its JSON alone.
 * Runs in: supervisor.  Pure. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Control characters in the application's strings are shown as \xNN, so that nothing in a path or a
 * thread's name reaches the terminal as a command.  color: with ANSI colours.  malloc'ed; NULL with
 * the reason in err if the JSON is no report or memory is out. */
char *report_text(const char *json, size_t len, bool color, struct error *err);

#endif
