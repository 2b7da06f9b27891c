/* options.h - the command line of the supervisor (that of --audit-only is audit_options.h's).
 * Runs in: supervisor. */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *file; /* -c; borrowed from argv; NULL: search */
	bool nodaemon;
	bool daemon;
	bool check_config;
	bool help;
	bool version;
};

/* 0, or -1 after a message to stderr. */
int options_parse(struct options *options, int argc, char **argv);

extern const char options_usage[];

#endif
