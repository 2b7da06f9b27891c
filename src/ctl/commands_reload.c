/* commands_reload.c - reload of zygotes and programs, deploy, history.  See ctl.h.
 *
 * `reload` without a name is supervisorctl's, in commands_config.c. */
#include "base/buf.h"
#include "base/strv.h"
#include "base/util.h"
#include "ctl/ctl.h"
#include "ctl/rollout_follow.h"
#include "ctl/rollout_view.h"
#include "ipc/control_messages.h"
#include "rpc/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"
#define SET "--set"
#define NO_WAIT "--no-wait"

/* ---- what was begun ---- */

/* Ids, in the order in which they were asked for. */
struct begun {
	int64_t *ids; /* owned */
	size_t n;
};

static int add_ids(struct begun *begun, const struct rpc_value *list)
{
	int64_t *more = reallocarray(begun->ids, begun->n + list->count + 1, sizeof(*more));

	if (!more)
		return -1;
	begun->ids = more;
	for (const struct rpc_value *at = list->first; at; at = at->next)
		if (at->type == RPC_INT)
			begun->ids[begun->n++] = at->integer;
	return 0;
}

/* `what` is what should have had the name. */
static void say_failure(struct ctl *ctl, enum client_outcome outcome, const char *name,
			const char *what)
{
	if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_UNKNOWN_METHOD) {
		ctl_say(ctl, "ERROR: %s does not know this command; it is not a forkserver",
			ctl->client.server.url);
		ctl->status = CTL_UNIMPLEMENTED;
	} else if (outcome == CLIENT_FAULT && ctl->client.code == FAULT_BAD_NAME) {
		ctl_say(ctl, "%s: ERROR (no such %s)", name, what);
		ctl->status = CTL_GENERIC;
	} else if (outcome == CLIENT_FAULT) {
		ctl_say(ctl, "ERROR: %s", ctl->client.err.text);
		ctl->status = CTL_GENERIC;
	} else {
		ctl_failed(ctl, outcome);
	}
}

/* Takes the result over. */
static void take_begun(struct ctl *ctl, struct begun *begun, struct rpc_value *result)
{
	if (add_ids(begun, result) < 0) {
		ctl_say(ctl, "ERROR: out of memory");
		ctl->status = CTL_GENERIC;
	}
	rpc_free(result);
}

static void say_ids(struct ctl *ctl, const struct begun *begun)
{
	for (size_t i = 0; i < begun->n; i++) {
		struct rpc_value *made = ctl->json ? rpc_new(RPC_STRUCT) : NULL;

		if (!ctl->json)
			ctl_say(ctl, "%" PRId64, begun->ids[i]);
		else if (made && rpc_set(made, "id", rpc_new_int(begun->ids[i])) == 0)
			ctl_collect(ctl, made, NULL, NULL);
		rpc_free(made);
	}
}

/* Watches it to its end, or says what it was.  True: it has ended, and well. */
static bool see_to_it(struct ctl *ctl, struct begun *begun, bool wait)
{
	bool good = false;

	if (!wait)
		say_ids(ctl, begun);
	else if (begun->n)
		good = rollout_follow(ctl, begun->ids, begun->n);
	free(begun->ids);
	return good;
}

/* ---- reload ---- */

static void begin_reload(struct ctl *ctl, struct begun *begun, const char *name)
{
	struct rpc_value *result;
	enum client_outcome outcome =
		client_call(&ctl->client, &result, "forkserver.reload", rpc_new_string(name), NULL);

	if (outcome != CLIENT_OK) {
		say_failure(ctl, outcome, name, "zygote or program");
		return;
	}
	if (!result->count)
		ctl_say(ctl, "%s: there is nothing to reload", name);
	take_begun(ctl, begun, result);
}

/* What begins with a dash is no name: a mistake must not restart the supervisor, nor be a name that
 * is not there. */
static bool read_names(struct ctl *ctl, char **args, size_t *ret_n, bool *ret_wait)
{
	*ret_n = 0;
	*ret_wait = true;
	for (; *args; args++) {
		if (strcmp(*args, NO_WAIT) == 0) {
			*ret_wait = false;
		} else if (**args == '-') {
			ctl_usage(ctl, CTL_INVALID_ARGS, "reload",
				  "Error: reload knows no other option than " NO_WAIT);
			return false;
		} else {
			++*ret_n;
		}
	}
	if (*ret_n)
		return true;
	ctl_usage(ctl, CTL_INVALID_ARGS, "reload", "Error: reload " NO_WAIT " requires a name");
	return false;
}

void command_reload_names(struct ctl *ctl, char **args)
{
	struct begun begun = { 0 };
	bool wait;
	size_t n;

	if (!read_names(ctl, args, &n, &wait) || !ctl_upcheck(ctl))
		return;
	for (; *args; args++)
		if (**args != '-')
			begin_reload(ctl, &begun, *args);
	(void)see_to_it(ctl, &begun, wait);
}

/* ---- deploy ---- */

/* What the line asks for. */
struct deployment {
	char *name;      /* owned */
	char **settings; /* owned: strv of "key=value" */
	bool wait;
};

static void free_deployment(struct deployment *deployment)
{
	free(deployment->name);
	strv_free(deployment->settings);
}

/* Whether an option stands here, as a word of its own. */
static bool is_option(const char *at, const char *option)
{
	size_t len = strlen(option);

	return strncmp(at, option, len) == 0 && (!at[len] || strchr(BLANKS, at[len]));
}

/* Up to the next option, so that values may have blanks in them as they are; those at the end do
 * not count. */
static size_t value_length(const char *value)
{
	size_t len = 0;

	while (value[len] && !(len && strchr(BLANKS, value[len - 1]) &&
			       (is_option(value + len, SET) || is_option(value + len, NO_WAIT))))
		len++;
	while (len && strchr(BLANKS, value[len - 1]))
		len--;
	return len;
}

/* Takes "key = value" as the file has it.  NULL, or what is wrong. */
static const char *add_setting(struct deployment *deployment, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len), *value = equals ? equals + 1 : NULL;
	size_t nkey = equals ? (size_t)(equals - text) : 0;
	char *setting;

	while (nkey && strchr(BLANKS, text[nkey - 1]))
		nkey--;
	if (!nkey)
		return "Error: " SET " requires key=value";
	while (value < text + len && strchr(BLANKS, *value))
		value++;
	if (asprintf(&setting, "%.*s=%.*s", (int)nkey, text, (int)(text + len - value), value) <
		    0 ||
	    strv_take(&deployment->settings, setting) < 0)
		return "Error: out of memory";
	return NULL;
}

/* NULL, or what is wrong. */
static const char *read_options(struct deployment *deployment, const char *at)
{
	while (*(at += strspn(at, BLANKS))) {
		const char *error;
		size_t len;

		if (is_option(at, NO_WAIT)) {
			deployment->wait = false;
			at += strlen(NO_WAIT);
			continue;
		}
		if (!is_option(at, SET))
			return "Error: deploy takes one name, and " SET " key=value";
		at += strlen(SET);
		at += strspn(at, BLANKS);
		len = value_length(at);
		error = add_setting(deployment, at, len);
		if (error)
			return error;
		at += len;
	}
	return NULL;
}

static const char *read_deployment(struct deployment *deployment, const char *line)
{
	size_t len = strcspn(line, BLANKS);

	if (!len || *line == '-')
		return "Error: deploy requires the name of a zygote";
	deployment->name = strndup(line, len);
	return deployment->name ? read_options(deployment, line + len) : "Error: out of memory";
}

static struct rpc_value *settings_value(char *const *settings)
{
	struct rpc_value *made = rpc_new(RPC_STRUCT);

	for (size_t i = 0; made && settings && settings[i]; i++) {
		const char *equals = strchr(settings[i], '=');
		CLEANUP_FREE char *key = strndup(settings[i], (size_t)(equals - settings[i]));

		if (key)
			(void)rpc_set(made, key, rpc_new_string(equals + 1));
	}
	return made;
}

static void say_how_to_keep(struct ctl *ctl, const struct deployment *deployment)
{
	ctl_say(ctl,
		"This holds until the supervisor is started anew.  To keep it, write into "
		"[zygote:%s]:",
		deployment->name);
	for (size_t i = 0; deployment->settings[i]; i++) {
		const char *setting = deployment->settings[i], *equals = strchr(setting, '=');

		ctl_say(ctl, "    %.*s = %s", (int)(equals - setting), setting, equals + 1);
	}
}

static void deploy(struct ctl *ctl, const struct deployment *deployment)
{
	struct begun begun = { 0 };
	struct rpc_value *result;
	enum client_outcome outcome = client_call(&ctl->client, &result, "forkserver.deploy",
						  rpc_new_string(deployment->name),
						  settings_value(deployment->settings), NULL);

	if (outcome != CLIENT_OK) {
		say_failure(ctl, outcome, deployment->name, "zygote");
		return;
	}
	take_begun(ctl, &begun, result);
	if (see_to_it(ctl, &begun, deployment->wait) && deployment->settings)
		say_how_to_keep(ctl, deployment);
}

void command_deploy(struct ctl *ctl, char **args, const char *line)
{
	struct deployment deployment = { .wait = true };
	const char *error = read_deployment(&deployment, line);

	(void)args;
	if (error)
		ctl_usage(ctl, CTL_INVALID_ARGS, "deploy", error);
	else if (ctl_upcheck(ctl))
		deploy(ctl, &deployment);
	free_deployment(&deployment);
}

/* ---- history ---- */

static void show_history(struct ctl *ctl, const struct rpc_value *all)
{
	struct buf line = { 0 };
	size_t width = strlen("NAME");

	for (const struct rpc_value *at = all->first; at; at = at->next)
		if (strlen(rpc_member_text(at, "name", "")) > width)
			width = strlen(rpc_member_text(at, "name", ""));
	if (!ctl->json && all->first) {
		rollout_heading(&line, width);
		ctl_say(ctl, "%s", buf_str(&line));
	}
	for (const struct rpc_value *at = all->first; at; at = at->next) {
		ctl_collect(ctl, at, NULL, NULL);
		if (ctl->json)
			continue;
		buf_clear(&line);
		rollout_row(&line, at, width);
		ctl_say(ctl, "%s", buf_str(&line));
	}
	buf_done(&line);
}

static void show_one(struct ctl *ctl, const char *digits)
{
	struct rpc_value *rollout;
	struct buf text = { 0 };
	enum client_outcome outcome = client_call(&ctl->client, &rollout, "forkserver.rollout",
						  rpc_new_string(digits), NULL);

	if (outcome == CLIENT_OK && ctl->json) {
		ctl_collect(ctl, rollout, NULL, NULL);
	} else if (outcome == CLIENT_OK) {
		rollout_details(&text, rollout);
		printf("%s", buf_str(&text));
	} else {
		if (ctl->client.code == FAULT_INCORRECT_PARAMETERS) /* it is no number */
			ctl->client.code = FAULT_BAD_NAME;
		say_failure(ctl, outcome, digits, "reload");
	}
	rpc_free(rollout);
	buf_done(&text);
}

void command_history(struct ctl *ctl, char **args, const char *line)
{
	struct rpc_value *all;
	enum client_outcome outcome;

	(void)line;
	if (!ctl_upcheck(ctl))
		return;
	for (char **at = args; *at; at++)
		show_one(ctl, *at);
	if (args[0])
		return;
	outcome = client_call(&ctl->client, &all, "forkserver.history", NULL);
	if (outcome == CLIENT_OK)
		show_history(ctl, all);
	else
		say_failure(ctl, outcome, "", "");
	rpc_free(all);
}
