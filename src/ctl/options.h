/* options.h - the command line and the configuration of forkserverctl.
 * Runs in: forkserverctl. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include <stdbool.h>

struct ctl;
struct error;

struct ctl_options {
	const char *file; /* borrowed, as all of these; NULL: not given */
	const char *url;
	const char *username;
	const char *password;
	const char *history_file;
	bool interactive;
	bool json;
	bool help;
	bool version;
	int first; /* index of the first word of the command */
};

/* 0, or -1 after a message. */
int ctl_options_parse(struct ctl_options *options, int argc, char **argv);

/* Where the supervisor is and who we are: the command line over [supervisorctl] over the servers
 * that the file names.  *ret_history is malloc'ed or NULL.  0, or -1 with err. */
int ctl_options_apply(const struct ctl_options *options, const char *program, struct ctl *ctl,
		      char **ret_history, struct error *err);

extern const char ctl_usage_text[];

#endif
