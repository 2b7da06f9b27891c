/* env_file.h - files of KEY=VALUE lines, as systemd's EnvironmentFile= reads them.
 * Runs in: supervisor.  Pure.
 *
 * - An empty line, and one that begins with # or ;, is passed over.
 * - White space around name and value is taken away, unless it is quoted.
 * - A value is any sequence of bare text, 'text as it is' and "text with \" \\ \` \$"; quotes may
 *   span lines.  In bare text \ takes the next character as it is; \ at the end of a line joins it
 *   with the next.
 * Other than with systemd, a line that is none of this is an error. */
#ifndef CONFIG_ENV_FILE_H
#define CONFIG_ENV_FILE_H

#include <stddef.h>

/* Adds what is in text to *environment (NAME=VALUE, later values win).  The first error is reported
 * with its line in *ret_line. */
struct error;
int env_file_read(const char *text, size_t len, char ***environment, unsigned *ret_line,
		  struct error *err);

#endif
