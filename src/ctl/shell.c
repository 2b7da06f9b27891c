/* shell.c - the interactive mode: a prompt with editing, history and completion.  See ctl.h. */
#include "base/util.h"
#include "ctl/ctl.h"
#include "rpc/value.h"

#include <editline/readline.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* libedit's callbacks take no argument of ours: what they need is here. */
static struct {
	struct ctl *ctl;
	struct rpc_value *infos; /* owned; of all processes, asked for once a command */
	size_t at;               /* where the next match is looked for */
	const struct rpc_value *info;
	const char *last_group;    /* borrowed from infos */
	struct rpc_value *zygotes; /* owned; the same */
	const struct rpc_value *zygote;
	int stage; /* of next_reload() */
} completion;

static const struct rpc_value *first_info(void)
{
	if (!completion.infos)
		(void)client_call(&completion.ctl->client, &completion.infos,
				  "supervisor.getAllProcessInfo", NULL);
	return completion.infos ? completion.infos->first : NULL;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static char *next_command(const char *text, int state)
{
	if (state == 0)
		completion.at = 0;
	while (commands[completion.at].name) {
		const char *name = commands[completion.at++].name;

		if (begins(name, text) && strcmp(name, "EOF") != 0)
			return strdup(name);
	}
	return NULL;
}

static char *next_group(const char *text, int state)
{
	if (state == 0) {
		completion.info = first_info();
		completion.last_group = "";
	}
	while (completion.info) {
		const char *group = rpc_member_text(completion.info, "group", "");
		bool new = strcmp(group, completion.last_group) != 0;

		completion.info = completion.info->next;
		completion.last_group = group;
		if (new &&begins(group, text))
			return strdup(group);
	}
	return NULL;
}

/* The names of a process: itself, and before the first of a group of several "group:*". */
static char *next_process(const char *text, int state)
{
	if (state == 0) {
		completion.info = first_info();
		completion.last_group = "";
	}
	while (completion.info) {
		const char *group = rpc_member_text(completion.info, "group", "");
		const char *name = rpc_member_text(completion.info, "name", "");
		bool several = strcmp(group, name) != 0 || strchr(text, ':');
		char *candidate = NULL;

		if (several && strcmp(group, completion.last_group) != 0) {
			if (asprintf(&candidate, "%s:*", group) < 0)
				return NULL;
		} else if (asprintf(&candidate, several ? "%s:%s" : "%s", several ? group : name,
				    name) < 0) {
			return NULL;
		}
		if (!several || strcmp(group, completion.last_group) == 0)
			completion.info = completion.info->next;
		completion.last_group = group;
		if (begins(candidate, text))
			return candidate;
		free(candidate);
	}
	return NULL;
}

static char *next_zygote(const char *text, int state)
{
	if (state == 0) {
		if (!completion.zygotes)
			(void)client_call(&completion.ctl->client, &completion.zygotes,
					  "forkserver.zygotes", NULL);
		completion.zygote = completion.zygotes ? completion.zygotes->first : NULL;
	}
	while (completion.zygote) {
		const char *name = rpc_member_text(completion.zygote, "name", "");

		completion.zygote = completion.zygote->next;
		if (begins(name, text))
			return strdup(name);
	}
	return NULL;
}

static bool is_zygote(const char *name)
{
	const struct rpc_value *at = completion.zygotes ? completion.zygotes->first : NULL;

	for (; at; at = at->next)
		if (strcmp(rpc_member_text(at, "name", ""), name) == 0)
			return true;
	return false;
}

/* Zygotes; then groups, of which most have the name of a program; then "all". */
static char *next_reload(const char *text, int state)
{
	enum { ZYGOTES, GROUPS, ALL };
	char *found;

	if (state == 0)
		completion.stage = ZYGOTES;
	if (completion.stage == ZYGOTES) {
		if ((found = next_zygote(text, state)))
			return found;
		completion.stage = GROUPS;
		state = 0;
	}
	while (completion.stage == GROUPS) {
		found = next_group(text, state);
		state = 1;
		if (found && !is_zygote(found))
			return found;
		if (!found)
			completion.stage = ALL;
		free(found);
	}
	return completion.stage++ == ALL && begins("all", text) ? strdup("all") : NULL;
}

static char **complete(const char *text, int start, int end)
{
	CLEANUP_FREE char *first = NULL;
	const char *line = rl_line_buffer + strspn(rl_line_buffer, " ");
	const struct command *command;

	(void)end;
	rl_attempted_completion_over = 1;
	if (start <= line - rl_line_buffer)
		return rl_completion_matches(text, next_command);
	first = strndup(line, strcspn(line, " "));
	command = first ? command_find(first) : NULL;
	switch (command ? command->completion : COMPLETE_NOTHING) {
	case COMPLETE_COMMANDS:
		return rl_completion_matches(text, next_command);
	case COMPLETE_GROUPS:
		return rl_completion_matches(text, next_group);
	case COMPLETE_PROCESSES:
		return rl_completion_matches(text, next_process);
	case COMPLETE_ZYGOTES:
		return rl_completion_matches(text, next_zygote);
	case COMPLETE_RELOADS:
		return rl_completion_matches(text, next_reload);
	default:
		return NULL;
	}
}

/* A line without its end, malloc'ed; NULL at the end of the input. */
static char *read_line(const char *prompt)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (isatty(0) && isatty(1))
		return readline(prompt);
	printf("%s", prompt);
	fflush(stdout);
	n = getline(&line, &room, stdin);
	if (n < 0) {
		free(line);
		return NULL;
	}
	if (n > 0 && line[n - 1] == '\n')
		line[n - 1] = '\0';
	return line;
}

static char *ask(const char *prompt, bool hidden)
{
	struct termios before, without;
	char *line = NULL;
	size_t room = 0;
	bool quiet = hidden && tcgetattr(0, &before) == 0;

	printf("%s", prompt);
	fflush(stdout);
	if (quiet) {
		without = before;
		without.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(0, TCSAFLUSH, &without);
	}
	if (getline(&line, &room, stdin) < 0)
		line[0] = '\0';
	if (quiet)
		tcsetattr(0, TCSAFLUSH, &before);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* An answer of 401 asks the person at the terminal, as supervisorctl does. */
static void authenticate(struct ctl *ctl)
{
	struct rpc_value *version;

	for (int i = 0; i < 3; i++) {
		enum client_outcome outcome =
			client_call(&ctl->client, &version, "supervisor.getVersion", NULL);

		rpc_free(version);
		if (outcome != CLIENT_UNAUTHORIZED || !isatty(0))
			return;
		printf("Server requires authentication\n");
		free(ctl->client.server.username);
		free(ctl->client.server.password);
		ctl->client.server.username = ask("Username:", false);
		ctl->client.server.password = ask("Password:", true);
		printf("\n");
	}
}

static void run(struct ctl *ctl, const char *line)
{
	ctl_run(ctl, line);
	if (*line)
		ctl_flush(ctl);
	rpc_free(completion.infos);
	completion.infos = NULL;
	rpc_free(completion.zygotes);
	completion.zygotes = NULL;
}

static void set_up(struct ctl *ctl, const char *history_file)
{
	static char delimiters[] = " \t\n\"\\'`@$><=;|&{(";

	completion.ctl = ctl;
	rl_readline_name = (char *)"forkserverctl";
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = delimiters; /* "group:*" is one word */
	using_history();
	if (history_file)
		(void)read_history(history_file);
}

void ctl_shell(struct ctl *ctl, const char *history_file)
{
	CLEANUP_FREE char *prompt = NULL;
	char *line;

	if (asprintf(&prompt, "%s> ", ctl->prompt) < 0)
		return;
	set_up(ctl, history_file);
	authenticate(ctl);
	run(ctl, "status");
	while (!ctl->quit && (line = read_line(prompt))) {
		if (*line)
			(void)add_history(line);
		run(ctl, line);
		free(line);
	}
	if (!ctl->quit)
		printf("\n");
	if (history_file)
		(void)write_history(history_file);
	clear_history();
}
