/* output_echo.h - what programs write, in the main log as well, when its level is debug.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_OUTPUT_ECHO_H
#define SUPERVISOR_OUTPUT_ECHO_H

#include <stdbool.h>
#include <stddef.h>

/* "'cat' stdout output:" and the bytes, as supervisord logs them, in pieces that fit into a line of
 * the log.  What is not UTF-8 is shown as Python would.  Lines of the program are indented, so that
 * none can be taken for one of the log's own. */
void output_echo(const char *name, bool is_err, const char *data, size_t len);

#endif
