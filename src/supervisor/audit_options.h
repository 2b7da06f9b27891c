/* audit_options.h - the command line of `forkserver --audit-only`.
 * Runs in: the --audit-only command. */
#ifndef SUPERVISOR_AUDIT_OPTIONS_H
#define SUPERVISOR_AUDIT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct error;

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Everything is borrowed from argv but the vectors. */
struct audit_options {
	const char *config; /* -c; NULL: none given */
	const char *python;
	char **path; /* owned strv; absolute */
	const char *warmup;
	char **allow;    /* owned strv; checked */
	int mode;        /* enum audit_mode; -1: not given */
	int64_t timeout; /* seconds; -1: not given */
	char **names;    /* owned strv: modules, or zygotes with -c */
	bool json;
	bool github; /* the text, and annotations */
	const char *output;
	const char *baseline;
	const char *write_baseline;
	enum color color;
	bool quiet;
	bool memory;
	bool help; /* --help was given: print audit_usage and exit with 0 */
};

extern const char audit_usage[];

/* 0, or -1 with the reason in err. */
int audit_options_parse(struct audit_options *options, int argc, char **argv, struct error *err);
void audit_options_done(struct audit_options *options);

#endif
