/* commands_config.c - reread, add, remove, update, reload, shutdown, open.  See ctl.h. */
#include "base/strv.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "ipc/control_messages.h"
#include "rpc/value.h"

#include <stdio.h>
#include <string.h>

/* A fault that a command has words for: the code, and a text with the name in place of %s. */
struct saying {
	int code;
	const char *text;
	bool harmless; /* the status stays */
};

static void fail_with(struct ctl *ctl, const struct saying *sayings, enum client_outcome outcome,
		      const char *name)
{
	if (outcome == CLIENT_OK)
		return;
	for (; outcome == CLIENT_FAULT && sayings->code; sayings++) {
		if (sayings->code != ctl->client.code)
			continue;
		ctl_say(ctl, "ERROR: %s%s", sayings->text, name);
		if (!sayings->harmless)
			ctl->status = CTL_GENERIC;
		return;
	}
	ctl_failed(ctl, outcome);
}

static bool refuses_arguments(struct ctl *ctl, char **args, const char *command)
{
	CLEANUP_FREE char *error = NULL;

	if (!args[0])
		return false;
	if (asprintf(&error, "Error: %s accepts no arguments", command) < 0)
		error = NULL;
	else
		ctl_usage(ctl, CTL_GENERIC, command, error);
	return true;
}

/* ---- reread ---- */

static void say_group(struct ctl *ctl, const char *group, const char *what)
{
	struct rpc_value *made;

	if (!ctl->json) {
		ctl_say(ctl, "%s: %s", group, what);
		return;
	}
	made = rpc_new(RPC_STRUCT);
	if (made) {
		(void)rpc_set(made, "group", rpc_new_string(group));
		ctl_collect(ctl, made, "result", what);
	}
	rpc_free(made);
}

struct change {
	const char *group;
	const char *what;
};

static int compare_changes(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->group, ((const struct change *)b)->group);
}

static void say_changes(struct ctl *ctl, const struct rpc_value *lists)
{
	static const char *const words[] = { "available", "changed", "disappeared" };
	struct change *changes;
	size_t n = 0, total = 0;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		total += rpc_item(lists, i) ? rpc_item(lists, i)->count : 0;
	changes = calloc(total + 1, sizeof(*changes));
	if (!changes)
		return;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct rpc_value *list = rpc_item(lists, i);

		for (const struct rpc_value *at = list ? list->first : NULL; at; at = at->next)
			changes[n++] = (struct change){ rpc_text(at), words[i] };
	}
	qsort(changes, n, sizeof(*changes), compare_changes);
	for (size_t i = 0; i < n; i++)
		say_group(ctl, changes[i].group, changes[i].what);
	if (!n && !ctl->json)
		ctl_say(ctl, "No config updates to processes");
	free(changes);
}

void command_reread(struct ctl *ctl, char **args, const char *line)
{
	static const struct saying sayings[] = {
		{ FAULT_SHUTDOWN_STATE, "supervisor shutting down", false },
		{ 0, NULL, false },
	};
	struct rpc_value *result;
	enum client_outcome outcome;

	(void)line;
	if (refuses_arguments(ctl, args, "reread"))
		return;
	outcome = client_call(&ctl->client, &result, "supervisor.reloadConfig", NULL);
	if (outcome == CLIENT_OK) {
		say_changes(ctl, rpc_item(result, 0));
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_CANT_REREAD) {
		ctl_say(ctl, "ERROR: %s", ctl->client.err.text);
		ctl->status = CTL_GENERIC;
	} else {
		fail_with(ctl, sayings, outcome, "");
	}
	rpc_free(result);
}

/* ---- add, remove ---- */

static enum client_outcome call_with(struct ctl *ctl, const char *method, const char *name)
{
	struct rpc_value *result;
	enum client_outcome outcome =
		client_call(&ctl->client, &result, method, rpc_new_string(name), NULL);

	rpc_free(result);
	return outcome;
}

static void add(struct ctl *ctl, const char *name)
{
	static const struct saying sayings[] = {
		{ FAULT_BAD_NAME, "no such process/group: ", false },
		{ 0, NULL, false },
	};
	enum client_outcome outcome = call_with(ctl, "supervisor.addProcessGroup", name);

	if (outcome == CLIENT_OK) {
		say_group(ctl, name, "added process group");
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_ALREADY_ADDED) {
		ctl_say(ctl, "ERROR: process group already active");
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_SHUTDOWN_STATE) {
		ctl_say(ctl, "ERROR: shutting down");
		ctl->status = CTL_GENERIC;
	} else {
		fail_with(ctl, sayings, outcome, name);
	}
}

void command_add(struct ctl *ctl, char **args, const char *line)
{
	(void)line;
	for (; *args; args++)
		add(ctl, *args);
}

void command_remove(struct ctl *ctl, char **args, const char *line)
{
	static const struct saying sayings[] = {
		{ FAULT_STILL_RUNNING, "process/group still running: ", false },
		{ FAULT_BAD_NAME, "no such process/group: ", false },
		{ 0, NULL, false },
	};

	(void)line;
	for (; *args; args++) {
		enum client_outcome outcome =
			call_with(ctl, "supervisor.removeProcessGroup", *args);

		fail_with(ctl, sayings, outcome, *args);
		if (outcome == CLIENT_OK)
			say_group(ctl, *args, "removed process group");
	}
}

/* ---- update ---- */

static bool is_listed(const struct rpc_value *list, const char *name)
{
	for (const struct rpc_value *at = list ? list->first : NULL; at; at = at->next)
		if (strcmp(rpc_text(at), name) == 0)
			return true;
	return false;
}

static bool is_group(const struct rpc_value *infos, const char *name)
{
	for (const struct rpc_value *at = infos ? infos->first : NULL; at; at = at->next)
		if (strcmp(rpc_member_text(at, "group", ""), name) == 0)
			return true;
	return false;
}

/* Whether the groups that the user named exist, now or in the new configuration. */
static void check_groups(struct ctl *ctl, char **names, const struct rpc_value *lists)
{
	struct rpc_value *infos;
	enum client_outcome outcome =
		client_call(&ctl->client, &infos, "supervisor.getAllProcessInfo", NULL);

	ctl_failed(ctl, outcome);
	for (; infos && *names; names++) {
		if (is_group(infos, *names) || is_listed(rpc_item(lists, 0), *names))
			continue;
		ctl_say(ctl, "ERROR: no such group: %s", *names);
		ctl->status = CTL_GENERIC;
	}
	rpc_free(infos);
}

static bool is_wanted(char **names, const char *group)
{
	return !names[0] || strv_contains(names, group);
}

/* One group after the other, each a call: as supervisorctl does with a supervisord. */
static void update_one(struct ctl *ctl, const char *group, bool old, bool new)
{
	enum client_outcome outcome = CLIENT_OK;

	if (old) {
		outcome = call_with(ctl, "supervisor.stopProcessGroup", group);
		if (outcome == CLIENT_OK) {
			say_group(ctl, group, "stopped");
			outcome = call_with(ctl, "supervisor.removeProcessGroup", group);
		}
	}
	if (outcome == CLIENT_OK && new)
		outcome = call_with(ctl, "supervisor.addProcessGroup", group);
	if (outcome != CLIENT_OK)
		ctl_failed(ctl, outcome);
	else
		say_group(ctl, group,
			  old && new ? "updated process group"
			  : new      ? "added process group"
				     : "removed process group");
}

static void update_groupwise(struct ctl *ctl, char **names, const struct rpc_value *lists)
{
	static const struct {
		size_t list;
		bool old, new;
	} order[] = { { 2, true, false }, { 1, true, true }, { 0, false, true } };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct rpc_value *list = rpc_item(lists, order[i].list);

		for (const struct rpc_value *at = list ? list->first : NULL; at; at = at->next)
			if (is_wanted(names, rpc_text(at)))
				update_one(ctl, rpc_text(at), order[i].old, order[i].new);
	}
}

/* What a forkserver has done: stopped, changed, added, removed groups. */
static void say_updates(struct ctl *ctl, const struct rpc_value *lists)
{
	const struct rpc_value *stopped = rpc_member(lists, "stopped");
	static const struct {
		const char *list, *what;
	} order[] = {
		{ "removed", "removed process group" },
		{ "changed", "updated process group" },
		{ "added", "added process group" },
	};

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct rpc_value *list = rpc_member(lists, order[i].list);

		for (const struct rpc_value *at = list ? list->first : NULL; at; at = at->next) {
			if (is_listed(stopped, rpc_text(at)))
				say_group(ctl, rpc_text(at), "stopped");
			say_group(ctl, rpc_text(at), order[i].what);
		}
	}
}

/* A forkserver stops and starts only what differs.  false: it is not one. */
static bool update_differences(struct ctl *ctl, const char *group)
{
	struct rpc_value *lists;
	enum client_outcome outcome =
		client_call(&ctl->client, &lists, "forkserver.update", rpc_new_string(group), NULL);

	if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_UNKNOWN_METHOD)
		return false;
	if (outcome == CLIENT_OK)
		say_updates(ctl, lists);
	else
		ctl_failed(ctl, outcome);
	rpc_free(lists);
	return true;
}

static void update(struct ctl *ctl, char **names, const struct rpc_value *lists)
{
	if (names[0])
		check_groups(ctl, names, lists);
	if (!names[0]) {
		if (!update_differences(ctl, ""))
			update_groupwise(ctl, names, lists);
		return;
	}
	for (char **at = names; *at; at++) {
		bool differs = is_listed(rpc_item(lists, 0), *at) ||
			       is_listed(rpc_item(lists, 1), *at) ||
			       is_listed(rpc_item(lists, 2), *at);

		if (differs && !update_differences(ctl, *at)) {
			update_groupwise(ctl, names, lists);
			return;
		}
	}
}

void command_update(struct ctl *ctl, char **args, const char *line)
{
	static const struct saying sayings[] = {
		{ FAULT_SHUTDOWN_STATE, "already shutting down", false },
		{ 0, NULL, false },
	};
	static char *const nothing[] = { NULL };
	struct rpc_value *result;
	enum client_outcome outcome;

	(void)line;
	for (char **at = args; *at; at++) {
		if (strcmp(*at, "all") == 0) {
			args = (char **)(void *)nothing;
			break;
		}
	}
	outcome = client_call(&ctl->client, &result, "supervisor.reloadConfig", NULL);
	if (outcome == CLIENT_OK) {
		update(ctl, args, rpc_item(result, 0));
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_CANT_REREAD) {
		ctl_say(ctl, "ERROR: %s", ctl->client.err.text);
		ctl->status = CTL_GENERIC;
	} else {
		fail_with(ctl, sayings, outcome, "");
	}
	rpc_free(result);
}

/* ---- reload, shutdown, open ---- */

static bool confirmed(const struct ctl *ctl, const char *question)
{
	char answer[64];

	if (!ctl->interactive)
		return true;
	printf("%s", question);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

void command_reload(struct ctl *ctl, char **args, const char *line)
{
	static const struct saying sayings[] = {
		{ FAULT_SHUTDOWN_STATE, "already shutting down", false },
		{ 0, NULL, false },
	};
	struct rpc_value *result;
	enum client_outcome outcome;

	(void)line;
	if (args[0]) {
		command_reload_names(ctl, args);
		return;
	}
	if (!confirmed(ctl, "Really restart the remote supervisord process y/N? "))
		return;
	outcome = client_call(&ctl->client, &result, "supervisor.restart", NULL);
	rpc_free(result);
	if (outcome == CLIENT_OK)
		ctl_say(ctl, "Restarted supervisord");
	else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_CANT_REREAD) {
		ctl_say(ctl, "ERROR: %s", ctl->client.err.text);
		ctl->status = CTL_GENERIC;
	} else {
		fail_with(ctl, sayings, outcome, "");
	}
}

void command_shutdown(struct ctl *ctl, char **args, const char *line)
{
	static const struct saying sayings[] = {
		{ FAULT_SHUTDOWN_STATE, "already shutting down", true },
		{ 0, NULL, false },
	};
	struct rpc_value *result;
	enum client_outcome outcome;

	(void)line;
	if (refuses_arguments(ctl, args, "shutdown") ||
	    !confirmed(ctl, "Really shut the remote supervisord process down y/N? "))
		return;
	outcome = client_call(&ctl->client, &result, "supervisor.shutdown", NULL);
	rpc_free(result);
	if (outcome == CLIENT_OK) {
		ctl_say(ctl, "Shut down");
	} else if (outcome == CLIENT_REFUSED || outcome == CLIENT_NO_SOCKET) {
		ctl_say(ctl, "ERROR: %s %s (already shut down?)", ctl->client.server.url,
			outcome == CLIENT_REFUSED ? "refused connection" : "no such file");
		ctl->status = CTL_GENERIC;
	} else {
		fail_with(ctl, sayings, outcome, "");
	}
}

void command_open(struct ctl *ctl, char **args, const char *line)
{
	static char *no_names[] = { NULL };
	int before = ctl->status;

	(void)args;
	if (http_server_set(&ctl->client.server, line, NULL) < 0) {
		ctl_say(ctl, "ERROR: url must be http:// or unix://");
		ctl->status = CTL_GENERIC;
		return;
	}
	command_status(ctl, no_names, "");
	ctl->status = before;
}
