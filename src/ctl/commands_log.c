/* commands_log.c - tail, maintail, fg, rotate, reopen.  See ctl.h. */
#include "base/strv.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "ctl/follow.h"
#include "ipc/control_messages.h"
#include "rpc/value.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TAIL_BYTES 1600

/* "-100" → 100, "-f" → 0; false: neither. */
static bool read_modifier(const char *text, long *ret_bytes)
{
	char *end;

	*ret_bytes = 0;
	if (strcmp(text, "-f") == 0)
		return true;
	if (text[0] != '-' || !text[1])
		return false;
	errno = 0;
	*ret_bytes = strtol(text + 1, &end, 10);
	return !*end && !errno && *ret_bytes > -INT_MAX && *ret_bytes < INT_MAX;
}

static void bad_argument(struct ctl *ctl, const char *text)
{
	ctl_say(ctl, "Error: bad argument %s", text);
	ctl->status = CTL_GENERIC;
}

/* The answer of a method that reads a log. */
static void say_log(struct ctl *ctl, const char *name, enum client_outcome outcome,
		    const struct rpc_value *text)
{
	static const struct {
		int code;
		const char *text;
	} words[] = {
		{ FAULT_NO_FILE, "no log file" },
		{ FAULT_FAILED, "unknown error reading log" },
		{ FAULT_BAD_NAME, "no such process name" },
	};

	if (outcome == CLIENT_OK) {
		if (ctl->json)
			ctl_collect_text(ctl, "text", rpc_text(text));
		else
			ctl_say(ctl, "%s", rpc_text(text));
		return;
	}
	ctl->status = CTL_GENERIC;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (outcome == CLIENT_FAULT && ctl->client.code == words[i].code) {
			ctl_say(ctl, "%s: ERROR (%s)", name, words[i].text);
			return;
		}
	}
	ctl_failed(ctl, outcome);
}

static void tail(struct ctl *ctl, const char *name, const char *channel, long bytes)
{
	const char *method = strcmp(channel, "stdout") == 0 ? "supervisor.readProcessStdoutLog"
							    : "supervisor.readProcessStderrLog";
	struct rpc_value *text;
	enum client_outcome outcome = client_call(&ctl->client, &text, method, rpc_new_string(name),
						  rpc_new_int(-bytes), rpc_new_int(0), NULL);

	say_log(ctl, name, outcome, text);
	rpc_free(text);
}

static void tail_follow(struct ctl *ctl, const char *name, const char *channel)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "/logtail/%s/%s", name, channel) < 0)
		path = NULL;
	else
		ctl_follow(ctl, path);
}

void command_tail(struct ctl *ctl, char **args, const char *line)
{
	const char *modifier = NULL, *channel = "stdout";
	long bytes = TAIL_BYTES;
	size_t n = strv_len(args);

	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (n < 1 || n > 3) {
		ctl_usage(ctl, CTL_GENERIC, "tail",
			  n ? "Error: too many arguments" : "Error: too few arguments");
		return;
	}
	if (args[0][0] == '-')
		modifier = *args++;
	if (!args[0]) {
		ctl_say(ctl, "Error: tail requires process name");
		ctl->status = CTL_GENERIC;
		return;
	}
	if (args[1])
		channel = strv_len(args) == 3 ? args[2] : args[1];
	if (strcasecmp(channel, "stdout") != 0 && strcasecmp(channel, "stderr") != 0) {
		ctl_say(ctl, "Error: bad channel '%s'", channel);
		ctl->status = CTL_GENERIC;
		return;
	}
	channel = strcasecmp(channel, "stdout") == 0 ? "stdout" : "stderr";
	if (modifier && !read_modifier(modifier, &bytes))
		bad_argument(ctl, modifier);
	else if (modifier && strcmp(modifier, "-f") == 0)
		tail_follow(ctl, args[0], channel);
	else
		tail(ctl, args[0], channel, bytes);
}

void command_maintail(struct ctl *ctl, char **args, const char *line)
{
	struct rpc_value *text;
	enum client_outcome outcome;
	long bytes = TAIL_BYTES;

	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (args[0] && args[1]) {
		ctl_usage(ctl, CTL_GENERIC, "maintail", "Error: too many arguments");
		return;
	}
	if (args[0] && !read_modifier(args[0], &bytes)) {
		bad_argument(ctl, args[0]);
		return;
	}
	if (args[0] && strcmp(args[0], "-f") == 0) {
		ctl_follow(ctl, "/mainlogtail");
		return;
	}
	outcome = client_call(&ctl->client, &text, "supervisor.readLog", rpc_new_int(-bytes),
			      rpc_new_int(0), NULL);
	say_log(ctl, "supervisord", outcome, text);
	rpc_free(text);
}

void command_fg(struct ctl *ctl, char **args, const char *line)
{
	struct rpc_value *info;
	enum client_outcome outcome;

	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (!args[0]) {
		ctl_usage(ctl, CTL_GENERIC, "fg", "ERROR: no process name supplied");
		return;
	}
	ctl->status = CTL_GENERIC;
	if (args[1]) {
		ctl_say(ctl, "ERROR: too many process names supplied");
		return;
	}
	outcome = client_call(&ctl->client, &info, "supervisor.getProcessInfo",
			      rpc_new_string(args[0]), NULL);
	if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_BAD_NAME) {
		ctl_say(ctl, "ERROR: bad process name supplied");
	} else if (outcome != CLIENT_OK) {
		ctl_failed(ctl, outcome);
	} else if (rpc_member_int(info, "state", 0) != 20) {
		ctl_say(ctl, "ERROR: process not running");
	} else {
		ctl->status = CTL_SUCCESS;
		ctl_foreground(ctl, args[0]);
	}
	rpc_free(info);
}

/* ---- rotate, reopen: methods that supervisord does not have ---- */

static void act_on_logs(struct ctl *ctl, const char *method, const char *name, const char *done)
{
	struct rpc_value *result;
	enum client_outcome outcome =
		client_call(&ctl->client, &result, method, rpc_new_string(name ? name : ""), NULL);

	rpc_free(result);
	if (outcome == CLIENT_OK && ctl->json) {
		ctl_collect_text(ctl, done, name ? name : "all");
	} else if (outcome == CLIENT_OK) {
		ctl_say(ctl, "%s: %s", name ? name : "all logs", done);
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_BAD_NAME) {
		ctl_say(ctl, "%s: ERROR (no such process)", name);
		ctl->status = CTL_GENERIC;
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_UNKNOWN_METHOD) {
		ctl_say(ctl, "ERROR: %s does not know this command; it is not a forkserver",
			ctl->client.server.url);
		ctl->status = CTL_UNIMPLEMENTED;
	} else {
		ctl_failed(ctl, outcome);
	}
}

static void act_on_all_logs(struct ctl *ctl, char **names, const char *method, const char *done)
{
	if (!ctl_upcheck(ctl))
		return;
	if (!names[0] || strcmp(names[0], "all") == 0) {
		act_on_logs(ctl, method, NULL, done);
		return;
	}
	for (; *names; names++)
		act_on_logs(ctl, method, *names, done);
}

void command_rotate(struct ctl *ctl, char **args, const char *line)
{
	(void)line;
	act_on_all_logs(ctl, args, "forkserver.rotateLogs", "rotated");
}

void command_reopen(struct ctl *ctl, char **args, const char *line)
{
	(void)line;
	act_on_all_logs(ctl, args, "forkserver.reopenLogs", "reopened");
}
