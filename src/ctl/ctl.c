/* ctl.c - see ctl.h: running a line, and what commands say. */
#include "ctl/ctl.h"

#include "base/strv.h"
#include "base/util.h"
#include "ipc/control_messages.h"
#include "rpc/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define API_VERSION "3.0"

/* ---- output ---- */

static int lost;

int ctl_push(FILE *to)
{
	if (fflush(to) == 0 && !ferror(to))
		return 0;
	if (to == stdout && !lost)
		lost = errno ? errno : EIO;
	return -1;
}

int ctl_lost(void)
{
	return lost;
}

void ctl_say(const struct ctl *ctl, const char *format, ...)
{
	FILE *to = ctl->json ? stderr : stdout;
	va_list ap;

	if (ctl->silent)
		return;
	va_start(ap, format);
	vfprintf(to, format, ap);
	va_end(ap);
	fputc('\n', to);
	(void)ctl_push(to);
}

void ctl_usage(struct ctl *ctl, enum ctl_status status, const char *command, const char *error)
{
	ctl_say(ctl, "%s", error);
	ctl->status = status;
	ctl_say(ctl, "%s", command_find(command)->help);
}

static json_t *to_json(const struct rpc_value *value)
{
	json_t *made;

	switch (value->type) {
	case RPC_INT:
		return json_integer(value->integer);
	case RPC_BOOLEAN:
		return json_boolean(value->integer);
	case RPC_DOUBLE:
		return json_real(value->real);
	case RPC_ARRAY:
		made = json_array();
		for (const struct rpc_value *at = value->first; at; at = at->next)
			json_array_append_new(made, to_json(at));
		return made;
	case RPC_STRUCT:
		made = json_object();
		for (const struct rpc_value *at = value->first; at; at = at->next)
			json_object_set_new(made, at->name, to_json(at));
		return made;
	default:
		return json_string(rpc_text(value));
	}
}

static void collect(struct ctl *ctl, json_t *value)
{
	if (!ctl->results)
		ctl->results = json_array();
	json_array_append_new(ctl->results, value);
}

void ctl_collect(struct ctl *ctl, const struct rpc_value *value, const char *extra,
		 const char *text)
{
	json_t *made;

	if (!ctl->json)
		return;
	made = to_json(value);
	if (extra && json_is_object(made))
		json_object_set_new(made, extra, json_string(text));
	collect(ctl, made);
}

void ctl_collect_text(struct ctl *ctl, const char *key, const char *text)
{
	if (ctl->json)
		collect(ctl, json_pack("{s:s}", key, text));
}

void ctl_flush(struct ctl *ctl)
{
	if (!ctl->json)
		return;
	if (!ctl->results)
		ctl->results = json_array();
	json_dumpf(ctl->results, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	putchar('\n');
	(void)ctl_push(stdout);
	json_decref(ctl->results);
	ctl->results = NULL;
}

/* ---- calls that do not go well ---- */

void ctl_failed(struct ctl *ctl, enum client_outcome outcome)
{
	const struct client *client = &ctl->client;

	switch (outcome) {
	case CLIENT_OK:
		return;
	case CLIENT_FAULT:
		ctl_say(ctl, "error: <Fault %d: '%s'>", client->code, client->err.text);
		break;
	case CLIENT_REFUSED:
		ctl_say(ctl, "%s refused connection", client->server.url);
		break;
	case CLIENT_NO_SOCKET:
		ctl_say(ctl, "%s no such file", client->server.url);
		break;
	case CLIENT_UNAUTHORIZED:
		ctl_say(ctl, "Server requires authentication");
		break;
	case CLIENT_FAILED:
		ctl_say(ctl, "error: %s", client->err.text);
		break;
	}
	ctl->status = CTL_GENERIC;
}

static const char unknown_namespace[] =
	"Sorry, supervisord responded but did not recognize the supervisor namespace commands that "
	"supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] "
	"section is enabled in the configuration file (see sample.conf).";

bool ctl_upcheck(struct ctl *ctl)
{
	struct rpc_value *version;
	enum client_outcome outcome =
		client_call(&ctl->client, &version, "supervisor.getVersion", NULL);
	bool good = outcome == CLIENT_OK && strcmp(rpc_text(version), API_VERSION) == 0;

	if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_UNKNOWN_METHOD) {
		ctl_say(ctl, "%s", unknown_namespace);
		ctl->status = CTL_UNIMPLEMENTED;
	} else if (outcome != CLIENT_OK) {
		ctl_failed(ctl, outcome);
		if (outcome == CLIENT_REFUSED)
			ctl->status = CTL_NO_PRIVILEGES;
		if (outcome == CLIENT_NO_SOCKET)
			ctl->status = CTL_NOT_RUNNING;
	} else if (!good) {
		ctl_say(ctl,
			"Sorry, this version of supervisorctl expects to talk to a server with API "
			"version " API_VERSION ", but the remote version is %s.",
			rpc_text(version));
		ctl->status = CTL_NOT_INSTALLED;
	}
	rpc_free(version);
	return good;
}

/* ---- names ---- */

void namespec_split(const char *namespec, char **ret_group, char **ret_name)
{
	const char *colon = strchr(namespec, ':');

	if (!colon) {
		*ret_group = strdup(namespec);
		*ret_name = strdup(namespec);
		return;
	}
	*ret_group = strndup(namespec, (size_t)(colon - namespec));
	*ret_name = colon[1] && strcmp(colon + 1, "*") != 0 ? strdup(colon + 1) : NULL;
}

char *namespec_make(const char *group, const char *name)
{
	char *made;

	if (strcmp(group, name) == 0)
		return strdup(name);
	return asprintf(&made, "%s:%s", group, name) < 0 ? NULL : made;
}

/* ---- running a line ---- */

const struct command *command_find(const char *name)
{
	for (const struct command *at = commands; at->name; at++)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}

static char **split(const char *text)
{
	char **words = NULL;

	while (*(text += strspn(text, " \t\r\n"))) {
		size_t len = strcspn(text, " \t\r\n");

		(void)strv_take(&words, strndup(text, len));
		text += len;
	}
	return words ? words : strv_copy(NULL);
}

/* The blanks at both ends do not count. */
static char *trimmed(const char *line)
{
	size_t len;

	line += strspn(line, " \t\r\n");
	len = strlen(line);
	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	return strndup(line, len);
}

/* A command is a word of letters, digits and underscores; `?` is help, as in Python's cmd. */
void ctl_run(struct ctl *ctl, const char *line)
{
	CLEANUP_FREE char *text = trimmed(line);
	CLEANUP_FREE char *name = NULL;
	const struct command *command;
	const char *rest = text;
	char **args;

	if (!text || !*text)
		return;
	if (*text == '?') {
		name = strdup("help");
		rest++;
	} else {
		while (isalnum((unsigned char)*rest) || *rest == '_')
			rest++;
		name = strndup(text, (size_t)(rest - text));
	}
	command = name ? command_find(name) : NULL;
	if (!command) {
		ctl_say(ctl, "*** Unknown syntax: %s", text);
		ctl->status = CTL_GENERIC;
		return;
	}
	args = split(rest);
	if (args)
		command->run(ctl, args, rest + strspn(rest, " \t"));
	strv_free(args);
}
