/* commands_info.c - status, pid, avail, version: commands that only look.  See ctl.h. */
#include "base/util.h"
#include "ctl/ctl.h"
#include "ipc/control_messages.h"
#include "rpc/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 30

/* ---- status ---- */

static bool is_stopped(int64_t state)
{
	return state == 0 || state == 100 || state == 200 || state == 1000;
}

static void show(struct ctl *ctl, const struct ctl_shown *shown)
{
	int width = NAME_WIDTH;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < shown->n; i++) {
			const struct rpc_value *info = shown->infos[i];
			CLEANUP_FREE char *name = namespec_make(rpc_member_text(info, "group", ""),
								rpc_member_text(info, "name", ""));

			if (pass == 0 && name && (int)strlen(name) > width)
				width = (int)strlen(name);
			if (pass == 1 && !ctl->json)
				ctl_say(ctl, "%-*s%-10s%s", width + 3, name ? name : "",
					rpc_member_text(info, "statename", ""),
					rpc_member_text(info, "description", ""));
			if (pass == 1)
				ctl_collect(ctl, info, NULL, NULL);
		}
	}
}

/* Adds the processes that a name means; whether there is any. */
static bool match(struct ctl_shown *shown, const struct rpc_value *all, const char *group,
		  const char *name)
{
	bool found = false;

	for (const struct rpc_value *at = all->first; at; at = at->next) {
		if (group && strcmp(rpc_member_text(at, "group", ""), group) != 0)
			continue;
		if (name && strcmp(rpc_member_text(at, "name", ""), name) != 0)
			continue;
		shown->infos[shown->n++] = at;
		found = true;
	}
	return found;
}

static void match_name(struct ctl *ctl, struct ctl_shown *shown, const struct rpc_value *all,
		       const char *namespec)
{
	CLEANUP_FREE char *group = NULL;
	CLEANUP_FREE char *name = NULL;

	namespec_split(namespec, &group, &name);
	if (match(shown, all, group, name))
		return;
	if (name)
		ctl_say(ctl, "%s: ERROR (no such process)", namespec);
	else
		ctl_say(ctl, "%s: ERROR (no such group)", group);
	ctl->status = CTL_STATUS_UNKNOWN;
}

static bool wants_all(char **names)
{
	if (!names[0])
		return true;
	for (; *names; names++)
		if (strcmp(*names, "all") == 0)
			return true;
	return false;
}

static size_t count(char **names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return n;
}

struct ctl_shown ctl_select(struct ctl *ctl, char **names, const struct rpc_value *all)
{
	size_t room = all->count * (count(names) + 1) + 1;
	struct ctl_shown shown = { calloc(room, sizeof(*shown.infos)), 0 };

	if (!shown.infos)
		return shown;
	if (wants_all(names)) {
		match(&shown, all, NULL, NULL);
	} else {
		for (; *names; names++)
			match_name(ctl, &shown, all, *names);
	}
	return shown;
}

static void status_of(struct ctl *ctl, char **names, const struct rpc_value *all)
{
	struct ctl_shown shown = ctl_select(ctl, names, all);

	show(ctl, &shown);
	for (size_t i = 0; i < shown.n; i++)
		if (is_stopped(rpc_member_int(shown.infos[i], "state", 1000)))
			ctl->status = CTL_STATUS_STOPPED;
	free(shown.infos);
}

void command_status(struct ctl *ctl, char **args, const char *line)
{
	struct rpc_value *all;
	enum client_outcome outcome;

	(void)line;
	if (!ctl_upcheck(ctl)) {
		ctl->status = CTL_STATUS_UNKNOWN;
		return;
	}
	outcome = client_call(&ctl->client, &all, "supervisor.getAllProcessInfo", NULL);
	if (outcome == CLIENT_OK)
		status_of(ctl, args, all);
	else
		ctl_failed(ctl, outcome);
	rpc_free(all);
}

/* ---- pid ---- */

static void say_pid(struct ctl *ctl, const char *name, int64_t pid)
{
	if (!ctl->json) {
		ctl_say(ctl, "%" PRId64, pid);
	} else {
		struct rpc_value *made = rpc_new(RPC_STRUCT);

		if (made) {
			(void)rpc_set(made, "pid", rpc_new_int(pid));
			ctl_collect(ctl, made, name ? "name" : NULL, name);
		}
		rpc_free(made);
	}
}

static void pid_of(struct ctl *ctl, const char *name)
{
	struct rpc_value *info;
	enum client_outcome outcome = client_call(&ctl->client, &info, "supervisor.getProcessInfo",
						  rpc_new_string(name), NULL);
	int64_t pid;

	if (outcome == CLIENT_OK) {
		pid = rpc_member_int(info, "pid", 0);
		say_pid(ctl, name, pid);
		if (!pid)
			ctl->status = CTL_NOT_RUNNING;
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_BAD_NAME) {
		ctl_say(ctl, "No such process %s", name);
		ctl->status = CTL_GENERIC;
	} else {
		ctl_failed(ctl, outcome);
	}
	rpc_free(info);
}

static void all_pids(struct ctl *ctl)
{
	struct rpc_value *all;
	enum client_outcome outcome =
		client_call(&ctl->client, &all, "supervisor.getAllProcessInfo", NULL);

	ctl_failed(ctl, outcome);
	for (const struct rpc_value *at = all ? all->first : NULL; at; at = at->next) {
		CLEANUP_FREE char *name = namespec_make(rpc_member_text(at, "group", ""),
							rpc_member_text(at, "name", ""));

		say_pid(ctl, name, rpc_member_int(at, "pid", 0));
	}
	rpc_free(all);
}

static void own_pid(struct ctl *ctl)
{
	struct rpc_value *pid;
	enum client_outcome outcome = client_call(&ctl->client, &pid, "supervisor.getPID", NULL);

	if (outcome == CLIENT_OK)
		say_pid(ctl, NULL, pid->integer);
	else
		ctl_failed(ctl, outcome);
	rpc_free(pid);
}

void command_pid(struct ctl *ctl, char **args, const char *line)
{
	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (!args[0]) {
		own_pid(ctl);
	} else if (wants_all(args)) {
		all_pids(ctl);
	} else {
		for (; *args; args++)
			pid_of(ctl, *args);
	}
}

/* ---- stack: a method that supervisord does not have ---- */

static void stack_of(struct ctl *ctl, const char *name)
{
	struct rpc_value *result;
	enum client_outcome outcome =
		client_call(&ctl->client, &result, "forkserver.stack", rpc_new_string(name), NULL);

	if (outcome == CLIENT_OK && ctl->json) {
		ctl_collect_text(ctl, name, rpc_text(result));
	} else if (outcome == CLIENT_OK) {
		ctl_say(ctl, "%s", rpc_text(result));
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_BAD_NAME) {
		ctl_say(ctl, "%s: ERROR (no such process)", name);
		ctl->status = CTL_GENERIC;
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_NOT_RUNNING) {
		ctl_say(ctl, "%s: ERROR (not running)", name);
		ctl->status = CTL_GENERIC;
	} else {
		ctl_failed(ctl, outcome);
	}
	rpc_free(result);
}

void command_stack(struct ctl *ctl, char **args, const char *line)
{
	(void)line;
	if (!args[0]) {
		ctl_usage(ctl, CTL_GENERIC, "stack", "Error: stack requires a process name");
		return;
	}
	if (!ctl_upcheck(ctl))
		return;
	for (; *args; args++)
		stack_of(ctl, *args);
}

/* ---- avail, version ---- */

static void say_available(struct ctl *ctl, const struct rpc_value *config)
{
	CLEANUP_FREE char *name = namespec_make(rpc_member_text(config, "group", ""),
						rpc_member_text(config, "name", ""));

	ctl_collect(ctl, config, NULL, NULL);
	if (!ctl->json)
		ctl_say(ctl, "%-32s %-9s %-9s %" PRId64 ":%" PRId64, name ? name : "",
			rpc_member_int(config, "inuse", 0) ? "in use" : "avail",
			rpc_member_int(config, "autostart", 0) ? "auto" : "manual",
			rpc_member_int(config, "group_prio", 0),
			rpc_member_int(config, "process_prio", 0));
}

void command_avail(struct ctl *ctl, char **args, const char *line)
{
	struct rpc_value *all;
	enum client_outcome outcome;

	(void)line;
	if (args[0]) {
		ctl_usage(ctl, CTL_GENERIC, "avail", "Error: avail accepts no arguments");
		return;
	}
	outcome = client_call(&ctl->client, &all, "supervisor.getAllConfigInfo", NULL);
	if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_SHUTDOWN_STATE) {
		ctl_say(ctl, "ERROR: supervisor shutting down");
		ctl->status = CTL_GENERIC;
	} else {
		ctl_failed(ctl, outcome);
	}
	for (const struct rpc_value *at = all ? all->first : NULL; at; at = at->next)
		say_available(ctl, at);
	rpc_free(all);
}

void command_version(struct ctl *ctl, char **args, const char *line)
{
	struct rpc_value *version;
	enum client_outcome outcome;

	(void)line;
	if (args[0]) {
		ctl_usage(ctl, CTL_GENERIC, "version", "Error: version accepts no arguments");
		return;
	}
	if (!ctl_upcheck(ctl))
		return;
	outcome = client_call(&ctl->client, &version, "supervisor.getSupervisorVersion", NULL);
	ctl_failed(ctl, outcome);
	if (version && ctl->json)
		ctl_collect_text(ctl, "version", rpc_text(version));
	else if (version)
		ctl_say(ctl, "%s", rpc_text(version));
	rpc_free(version);
}
