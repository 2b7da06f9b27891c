/* options.h - the command line of the supervisor (that of --audit-only is audit_options.h's).
 * Runs in: supervisor. */
#ifndef SUPERVISOR_OPTIONS_H
#define SUPERVISOR_OPTIONS_H

#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>

#define OPTIONS_OVERRIDES_MAX 20

struct options {
	const char *file; /* -c; borrowed from argv; NULL: search */
	struct config_override overrides[OPTIONS_OVERRIDES_MAX]; /* of [supervisord] */
	size_t noverrides;
	bool daemon; /* --daemon, or the program is called supervisord */
	bool check_config;
	bool help;
	bool version;
};

/* 0, or -1 after a message to stderr. */
int options_parse(struct options *options, int argc, char **argv);

extern const char options_usage[];

#endif
