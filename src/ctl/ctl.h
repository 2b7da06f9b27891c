/* ctl.h - what every command of forkserverctl has at hand.
 * Runs in: forkserverctl. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "ctl/client.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct rpc_value;

/* supervisorctl's exit statuses. */
enum ctl_status {
	CTL_SUCCESS = 0,
	CTL_GENERIC = 1,
	CTL_INVALID_ARGS = 2,
	CTL_UNIMPLEMENTED = 3,
	CTL_STATUS_STOPPED = 3, /* of `status`: something is not running */
	CTL_NO_PRIVILEGES = 4,
	CTL_STATUS_UNKNOWN = 4, /* of `status`: no answer, or no such process */
	CTL_NOT_INSTALLED = 5,
	CTL_NOT_RUNNING = 7,
};

struct ctl {
	struct client client;
	char *prompt;
	bool interactive;
	bool silent;     /* nothing is said: something else has the screen */
	bool json;       /* results are collected and printed as one JSON text */
	json_t *results; /* owned; NULL: nothing yet */
	int status;      /* enum ctl_status */
	bool quit;
};

enum ctl_completion {
	COMPLETE_NOTHING,
	COMPLETE_COMMANDS,
	COMPLETE_GROUPS,
	COMPLETE_PROCESSES,
	COMPLETE_ZYGOTES,
	COMPLETE_RELOADS, /* zygotes, programs as far as groups tell, "all" */
};

struct command {
	const char *name;
	void (*run)(struct ctl *ctl, char **args, const char *line); /* line: the words as typed */
	enum ctl_completion completion;
	const char *help;
};

/* commands.c: the table, ended by a NULL name, sorted by name. */
extern const struct command commands[];
const struct command *command_find(const char *name);

/* Runs one line, as typed in the shell or given on the command line. */
void ctl_run(struct ctl *ctl, const char *line);

/* A line for people: on stdout, or with --json on stderr. */
void ctl_say(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "Error: …" and the command's help; status. */
void ctl_usage(struct ctl *ctl, enum ctl_status status, const char *command, const char *error);

/* Adds a value to the JSON answer; without --json it does nothing.  `extra` is a member to add to
 * a struct's copy, or NULL. */
void ctl_collect(struct ctl *ctl, const struct rpc_value *value, const char *extra,
		 const char *text);
void ctl_collect_text(struct ctl *ctl, const char *key, const char *text);

/* As fflush(3), but of standard output the first failure is remembered; 0, or -1: some of it has
 * not arrived. */
int ctl_push(FILE *to);
int ctl_lost(void); /* errno of that; 0: none */

/* Prints what was collected. */
void ctl_flush(struct ctl *ctl);

/* What no command treats by itself: says it, sets the status. */
void ctl_failed(struct ctl *ctl, enum client_outcome outcome);

/* Whether a supervisor answers that speaks our version; says if not. */
bool ctl_upcheck(struct ctl *ctl);

/* "g:n" → g, n; "n" → n, n; "g:" and "g:*" → g and NULL.  Both are malloc'ed. */
void namespec_split(const char *namespec, char **ret_group, char **ret_name);
char *namespec_make(const char *group, const char *name);

/* Of the structs in `all`, which have members "group" and "name", those that the names mean; no
 * name: all.  Says which name is none's, and sets the status.  `infos` is the caller's to free. */
struct ctl_shown {
	const struct rpc_value **infos; /* borrowed from `all` */
	size_t n;
};
struct ctl_shown ctl_select(struct ctl *ctl, char **names, const struct rpc_value *all);

/* follow.c: prints what `path` answers until the connection or the user ends it. */
void ctl_follow(struct ctl *ctl, const char *path);

/* shell.c: reads commands until the end of the input. */
void ctl_shell(struct ctl *ctl, const char *history_file);

/* The commands by file. */
void command_start(struct ctl *ctl, char **args, const char *line);
void command_stop(struct ctl *ctl, char **args, const char *line);
void command_restart(struct ctl *ctl, char **args, const char *line);
void command_signal(struct ctl *ctl, char **args, const char *line);
void command_clear(struct ctl *ctl, char **args, const char *line);

void command_status(struct ctl *ctl, char **args, const char *line);
void command_pid(struct ctl *ctl, char **args, const char *line);
void command_avail(struct ctl *ctl, char **args, const char *line);
void command_version(struct ctl *ctl, char **args, const char *line);

void command_tail(struct ctl *ctl, char **args, const char *line);
void command_maintail(struct ctl *ctl, char **args, const char *line);
void command_fg(struct ctl *ctl, char **args, const char *line);

void command_reread(struct ctl *ctl, char **args, const char *line);
void command_add(struct ctl *ctl, char **args, const char *line);
void command_remove(struct ctl *ctl, char **args, const char *line);
void command_scale(struct ctl *ctl, char **args, const char *line);
void command_update(struct ctl *ctl, char **args, const char *line);

void command_reload(struct ctl *ctl, char **args, const char *line);
void command_shutdown(struct ctl *ctl, char **args, const char *line);
void command_open(struct ctl *ctl, char **args, const char *line);
void command_stack(struct ctl *ctl, char **args, const char *line);
void command_memory(struct ctl *ctl, char **args, const char *line);
void command_top(struct ctl *ctl, char **args, const char *line);
void command_rotate(struct ctl *ctl, char **args, const char *line);
void command_reopen(struct ctl *ctl, char **args, const char *line);

void command_reload_names(struct ctl *ctl, char **args); /* not empty */
void command_deploy(struct ctl *ctl, char **args, const char *line);
void command_history(struct ctl *ctl, char **args, const char *line);

#endif
