/* commands_process.c - start, stop, restart, signal, clear: commands that act on processes, by
 * name, by group, or on all.  See ctl.h. */
#include "base/util.h"
#include "ctl/ctl.h"
#include "ipc/control_messages.h"
#include "rpc/value.h"

#include <stdio.h>
#include <string.h>

struct word {
	int code;         /* enum fault */
	const char *text; /* NULL: the fault's own text, without a name */
};

/* One of these commands: what it calls and how it speaks. */
struct action {
	const char *all, *group, *process; /* methods; group NULL: by process only */
	const char *done;                  /* "started" */
	const struct word *words;          /* ended by code 0 */
	int ignored;                       /* a fault that is no failure of the command */
	enum ctl_status bad_group;         /* status for a group that there is not */
	const char *signal;                /* the second parameter; NULL: none */
};

static const struct word start_words[] = {
	{ FAULT_BAD_NAME, "no such process" },
	{ FAULT_NO_FILE, "no such file" },
	{ FAULT_NOT_EXECUTABLE, "file is not executable" },
	{ FAULT_ALREADY_STARTED, "already started" },
	{ FAULT_SPAWN_ERROR, "spawn error" },
	{ FAULT_ABNORMAL_TERMINATION, "abnormal termination" },
	{ 0, NULL },
};

static const struct word signal_words[] = {
	{ FAULT_BAD_NAME, "no such process" },
	{ FAULT_BAD_SIGNAL, "bad signal name" },
	{ FAULT_NOT_RUNNING, "not running" },
	{ FAULT_FAILED, NULL },
	{ 0, NULL },
};

static const struct word clear_words[] = {
	{ FAULT_BAD_NAME, "no such process" },
	{ FAULT_FAILED, "failed" },
	{ 0, NULL },
};

static const struct action starting = {
	"supervisor.startAllProcesses",
	"supervisor.startProcessGroup",
	"supervisor.startProcess",
	"started",
	start_words,
	FAULT_ALREADY_STARTED,
	CTL_INVALID_ARGS,
	NULL,
};
static const struct action stopping = {
	"supervisor.stopAllProcesses",
	"supervisor.stopProcessGroup",
	"supervisor.stopProcess",
	"stopped",
	signal_words,
	FAULT_NOT_RUNNING,
	CTL_GENERIC,
	NULL,
};
static const struct action clearing = {
	"supervisor.clearAllProcessLogs",
	NULL,
	"supervisor.clearProcessLogs",
	"cleared",
	clear_words,
	0,
	CTL_GENERIC,
	NULL,
};

static void set_status(struct ctl *ctl, const struct action *action, int code)
{
	switch (code) {
	case FAULT_NONE:
	case FAULT_SUCCESS:
		return;
	case FAULT_SPAWN_ERROR:
	case FAULT_ABNORMAL_TERMINATION:
	case FAULT_NOT_RUNNING:
		if (code != action->ignored)
			ctl->status = CTL_NOT_RUNNING;
		return;
	default:
		if (code != action->ignored)
			ctl->status = CTL_GENERIC;
	}
}

/* The word for a code, or NULL if there is none; `fault` is the fault's own text. */
static const char *find_word(const struct action *action, int code, const char *fault)
{
	for (const struct word *word = action->words; word->code; word++)
		if (word->code == code)
			return word->text ? word->text : fault;
	return NULL;
}

/* What happened to one process. */
static void tell(struct ctl *ctl, const struct action *action, const char *name, int code,
		 const char *fault)
{
	const char *word = find_word(action, code, fault);

	if (code == FAULT_SUCCESS)
		ctl_say(ctl, "%s: %s", name, action->done);
	else if (!word)
		ctl_say(ctl, "%s: ERROR (<Fault %d: '%s'>)", name, code, fault);
	else if (word == fault)
		ctl_say(ctl, "%s", word);
	else
		ctl_say(ctl, "%s: ERROR (%s)", name, word);
	set_status(ctl, action, code);
}

/* With --json, one object a process instead of a line. */
static void collect_one(struct ctl *ctl, const struct action *action, const char *namespec,
			int code, const char *fault)
{
	const char *word = find_word(action, code, fault);
	struct rpc_value *made = rpc_new(RPC_STRUCT);
	CLEANUP_FREE char *group = NULL;
	CLEANUP_FREE char *name = NULL;

	namespec_split(namespec, &group, &name);
	if (made) {
		(void)rpc_set(made, "group", rpc_new_string(group));
		(void)rpc_set(made, "name", rpc_new_string(name ? name : "*"));
		(void)rpc_set(made, "status", rpc_new_int(code));
		ctl_collect(ctl, made, "result",
			    code == FAULT_SUCCESS ? action->done
			    : word                ? word
						  : fault);
	}
	rpc_free(made);
	set_status(ctl, action, code);
}

static void report(struct ctl *ctl, const struct action *action, const char *namespec, int code,
		   const char *fault)
{
	CLEANUP_FREE char *group = NULL;
	CLEANUP_FREE char *name = NULL;
	CLEANUP_FREE char *shown = NULL;

	if (ctl->json) {
		collect_one(ctl, action, namespec, code, fault);
		return;
	}
	namespec_split(namespec, &group, &name);
	shown = namespec_make(group, name ? name : "");
	tell(ctl, action, shown, code, fault);
}

static void report_all(struct ctl *ctl, const struct action *action,
		       const struct rpc_value *results)
{
	const struct rpc_value *at = results->type == RPC_ARRAY ? results->first : NULL;

	for (; at; at = at->next) {
		CLEANUP_FREE char *name = namespec_make(rpc_member_text(at, "group", ""),
							rpc_member_text(at, "name", ""));

		report(ctl, action, name, (int)rpc_member_int(at, "status", 0),
		       rpc_member_text(at, "description", ""));
	}
}

static struct rpc_value *signal_parameter(const struct action *action)
{
	return action->signal ? rpc_new_string(action->signal) : NULL;
}

static void act_all(struct ctl *ctl, const struct action *action)
{
	struct rpc_value *results;
	enum client_outcome outcome =
		client_call(&ctl->client, &results, action->all, signal_parameter(action), NULL);

	if (outcome == CLIENT_OK)
		report_all(ctl, action, results);
	else
		ctl_failed(ctl, outcome);
	rpc_free(results);
}

static void act_group(struct ctl *ctl, const struct action *action, const char *group)
{
	struct rpc_value *results;
	enum client_outcome outcome =
		client_call(&ctl->client, &results, action->group, rpc_new_string(group),
			    signal_parameter(action), NULL);

	if (outcome == CLIENT_OK) {
		report_all(ctl, action, results);
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_BAD_NAME) {
		ctl_say(ctl, "%s: ERROR (no such group)", group);
		ctl->status = action->bad_group;
	} else {
		ctl_failed(ctl, outcome);
	}
	rpc_free(results);
}

static void act_process(struct ctl *ctl, const struct action *action, const char *name)
{
	struct rpc_value *result;
	enum client_outcome outcome =
		client_call(&ctl->client, &result, action->process, rpc_new_string(name),
			    signal_parameter(action), NULL);

	if (outcome == CLIENT_OK)
		report(ctl, action, name, FAULT_SUCCESS, "OK");
	else if (outcome == CLIENT_FAULT)
		report(ctl, action, name, ctl->client.code, ctl->client.err.text);
	else
		ctl_failed(ctl, outcome);
	rpc_free(result);
}

static bool has_all(char **names)
{
	for (; *names; names++)
		if (strcmp(*names, "all") == 0)
			return true;
	return false;
}

static void act(struct ctl *ctl, const struct action *action, char **names)
{
	if (has_all(names)) {
		act_all(ctl, action);
		return;
	}
	for (; *names; names++) {
		CLEANUP_FREE char *group = NULL;
		CLEANUP_FREE char *name = NULL;

		namespec_split(*names, &group, &name);
		if (name || !action->group)
			act_process(ctl, action, *names);
		else
			act_group(ctl, action, group);
	}
}

void command_start(struct ctl *ctl, char **args, const char *line)
{
	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (!args[0])
		ctl_usage(ctl, CTL_INVALID_ARGS, "start", "Error: start requires a process name");
	else
		act(ctl, &starting, args);
}

void command_stop(struct ctl *ctl, char **args, const char *line)
{
	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (!args[0])
		ctl_usage(ctl, CTL_GENERIC, "stop", "Error: stop requires a process name");
	else
		act(ctl, &stopping, args);
}

void command_restart(struct ctl *ctl, char **args, const char *line)
{
	if (!ctl_upcheck(ctl))
		return;
	if (!args[0]) {
		ctl_usage(ctl, CTL_GENERIC, "restart", "Error: restart requires a process name");
		return;
	}
	command_stop(ctl, args, line);
	command_start(ctl, args, line);
}

void command_signal(struct ctl *ctl, char **args, const char *line)
{
	struct action action = {
		"supervisor.signalAllProcesses",
		"supervisor.signalProcessGroup",
		"supervisor.signalProcess",
		"signalled",
		signal_words,
		0,
		CTL_GENERIC,
		args[0],
	};

	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (!args[0] || !args[1])
		ctl_usage(ctl, CTL_GENERIC, "signal",
			  "Error: signal requires a signal name and a process name");
	else
		act(ctl, &action, args + 1);
}

void command_clear(struct ctl *ctl, char **args, const char *line)
{
	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	if (!args[0])
		ctl_usage(ctl, CTL_GENERIC, "clear", "Error: clear requires a process name");
	else
		act(ctl, &clearing, args);
}
