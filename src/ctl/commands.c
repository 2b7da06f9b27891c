/* commands.c - the table of commands, with supervisorctl's help texts.  See ctl.h. */
#include "base/util.h"
#include "ctl/ctl.h"

#include <stdio.h>
#include <string.h>

static void command_help(struct ctl *ctl, char **args, const char *line);

static void command_quit(struct ctl *ctl, char **args, const char *line)
{
	(void)args;
	(void)line;
	printf("\n");
	ctl->quit = true;
}

/* clang-format off */
const struct command commands[] = {
	{ "EOF", command_quit, COMPLETE_NOTHING, "To quit, type ^D or use the quit command" },
	{ "add", command_add, COMPLETE_GROUPS,
	  "add <name> [...]\tActivates any updates in config for process/group" },
	{ "avail", command_avail, COMPLETE_NOTHING,
	  "avail\t\t\tDisplay all configured processes" },
	{ "clear", command_clear, COMPLETE_PROCESSES,
	  "clear <name>\t\tClear a process' log files.\n"
	  "clear <name> <name>\tClear multiple process' log files\n"
	  "clear all\t\tClear all process' log files" },
	{ "deploy", command_deploy, COMPLETE_ZYGOTES,
	  "deploy <zygote> --set <key>=<value> [--set ...]\n"
	  "\t\t\tReload a zygote with other values, such as preload, path or python,\n"
	  "\t\t\tthat hold until the supervisor is started anew\n"
	  "deploy <zygote>\t\tReload it with what the configuration says\n"
	  "deploy ... --no-wait\tOnly print the number under which history knows it" },
	{ "exit", command_quit, COMPLETE_NOTHING, "exit\tExit the supervisor shell." },
	{ "fg", command_fg, COMPLETE_PROCESSES,
	  "fg <process>\tConnect to a process in foreground mode\n"
	  "\t\tCtrl-C to exit" },
	{ "help", command_help, COMPLETE_COMMANDS,
	  "help\t\tPrint a list of available actions\n"
	  "help <action>\tPrint help for <action>" },
	{ "history", command_history, COMPLETE_NOTHING,
	  "history\t\t\tShow what was reloaded and deployed, and how that has ended\n"
	  "history <id> [...]\tShow everything about one, process by process" },
	{ "maintail", command_maintail, COMPLETE_NOTHING,
	  "maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)\n"
	  "maintail -100\tlast 100 *bytes* of supervisord main log file\n"
	  "maintail\tlast 1600 *bytes* of supervisor main log file\n" },
	{ "memory", command_memory, COMPLETE_PROCESSES,
	  "memory\t\t\tShow what all processes and zygotes hold, shared and for themselves\n"
	  "memory <name> [...]\tThe same of some processes or groups" },
	{ "open", command_open, COMPLETE_NOTHING,
	  "open <url>\tConnect to a remote supervisord process.\n"
	  "\t\t(for UNIX domain socket, use unix:///socket/path)" },
	{ "pid", command_pid, COMPLETE_PROCESSES,
	  "pid\t\t\tGet the PID of supervisord.\n"
	  "pid <name>\t\tGet the PID of a single child process by name.\n"
	  "pid all\t\t\tGet the PID of every child process, one per line." },
	{ "quit", command_quit, COMPLETE_NOTHING, "quit\tExit the supervisor shell." },
	{ "reload", command_reload, COMPLETE_RELOADS,
	  "reload \t\tRestart the remote supervisord.\n"
	  "reload <name> [...]\tImport the code of zygotes or programs anew and replace their\n"
	  "\t\t\tprocesses, new first; what fails changes nothing\n"
	  "reload all\t\tThe same for everything that can be reloaded\n"
	  "reload <name> --no-wait\tOnly print the number under which history knows it" },
	{ "remove", command_remove, COMPLETE_GROUPS,
	  "remove <name> [...]\tRemoves process/group from active config" },
	{ "reopen", command_reopen, COMPLETE_PROCESSES,
	  "reopen\t\t\tOpen all log files again, the main log too\n"
	  "reopen <name> [...]\tOpen the log files of processes or groups again" },
	{ "reread", command_reread, COMPLETE_NOTHING,
	  "reread \t\t\tReload the daemon's configuration files without add/remove" },
	{ "restart", command_restart, COMPLETE_PROCESSES,
	  "restart <name>\t\tRestart a process\n"
	  "restart <gname>:*\tRestart all processes in a group\n"
	  "restart <name> <name>\tRestart multiple processes or groups\n"
	  "restart all\t\tRestart all processes\n"
	  "Note: restart does not reread config files. For that, see reread and update." },
	{ "rotate", command_rotate, COMPLETE_PROCESSES,
	  "rotate\t\t\tRotate all log files, the main log too\n"
	  "rotate <name> [...]\tRotate the log files of processes or groups" },
	{ "shutdown", command_shutdown, COMPLETE_NOTHING,
	  "shutdown \tShut the remote supervisord down." },
	{ "signal", command_signal, COMPLETE_PROCESSES,
	  "signal <signal name> <name>\t\tSignal a process\n"
	  "signal <signal name> <gname>:*\t\tSignal all processes in a group\n"
	  "signal <signal name> <name> <name>\tSignal multiple processes or groups\n"
	  "signal <signal name> all\t\tSignal all processes" },
	{ "stack", command_stack, COMPLETE_PROCESSES,
	  "stack <name> [...]\tShow what each thread of a zygote's worker is doing" },
	{ "start", command_start, COMPLETE_PROCESSES,
	  "start <name>\t\tStart a process\n"
	  "start <gname>:*\t\tStart all processes in a group\n"
	  "start <name> <name>\tStart multiple processes or groups\n"
	  "start all\t\tStart all processes" },
	{ "status", command_status, COMPLETE_PROCESSES,
	  "status <name>\t\tGet status for a single process\n"
	  "status <gname>:*\tGet status for all processes in a group\n"
	  "status <name> <name>\tGet status for multiple named processes\n"
	  "status\t\t\tGet all process status info" },
	{ "stop", command_stop, COMPLETE_PROCESSES,
	  "stop <name>\t\tStop a process\n"
	  "stop <gname>:*\t\tStop all processes in a group\n"
	  "stop <name> <name>\tStop multiple processes or groups\n"
	  "stop all\t\tStop all processes" },
	{ "tail", command_tail, COMPLETE_PROCESSES,
	  "tail [-f] <name> [stdout|stderr] (default stdout)\n"
	  "Ex:\n"
	  "tail -f <name>\t\tContinuous tail of named process stdout\n"
	  "\t\t\tCtrl-C to exit.\n"
	  "tail -100 <name>\tlast 100 *bytes* of process stdout\n"
	  "tail <name> stderr\tlast 1600 *bytes* of process stderr" },
	{ "top", command_top, COMPLETE_PROCESSES,
	  "top [-b] [-d seconds] [-n count] [-o cpu|mem|name] [<name> ...]\n"
	  "\t\tShow processes as they run, again and again, until q or Ctrl-C\n"
	  "\t\t-b: print, once or -n times; -d: seconds between two looks (default 2)" },
	{ "update", command_update, COMPLETE_GROUPS,
	  "update\t\t\tReload config and add/remove as necessary, and will restart affected programs\n"
	  "update all\t\tReload config and add/remove as necessary, and will restart affected programs\n"
	  "update <gname> [...]\tUpdate specific groups" },
	{ "version", command_version, COMPLETE_NOTHING,
	  "version\t\t\tShow the version of the remote supervisord process" },
	{ NULL, NULL, COMPLETE_NOTHING, NULL },
};
/* clang-format on */

#define LINE_WIDTH 79
#define NAMES_MAX 64

static size_t listed(const char *names[NAMES_MAX])
{
	size_t n = 0;

	for (const struct command *at = commands; at->name && n < NAMES_MAX; at++)
		if (strcmp(at->name, "EOF") != 0 && strcmp(at->name, "help") != 0)
			names[n++] = at->name;
	return n;
}

static size_t column_width(const char *const *names, size_t n, size_t rows, size_t column)
{
	size_t width = 0;

	for (size_t i = column * rows; i < n && i < (column + 1) * rows; i++)
		if (strlen(names[i]) > width)
			width = strlen(names[i]);
	return width;
}

/* In columns, read downwards, with as few rows as fit: as Python's cmd does. */
static void print_columns(const char *const *names, size_t n)
{
	size_t rows = 1, columns;

	for (;; rows++) {
		size_t total = 0;

		columns = (n + rows - 1) / rows;
		for (size_t c = 0; c < columns; c++)
			total += column_width(names, n, rows, c) + 2;
		if (total - 2 <= LINE_WIDTH || rows == n)
			break;
	}
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < columns && c * rows + r < n; c++)
			printf("%s%-*s", c ? "  " : "", (int)column_width(names, n, rows, c),
			       names[c * rows + r]);
		printf("\n");
	}
}

static void command_help(struct ctl *ctl, char **args, const char *line)
{
	static const char header[] = "default commands (type help <topic>):";
	const char *names[NAMES_MAX];
	const struct command *command;

	if (args[0]) {
		command = command_find(line);
		if (command)
			ctl_say(ctl, "%s", command->help);
		else
			ctl_say(ctl, "*** No help on %s", line);
		return;
	}
	printf("\n%s\n%.*s\n", header, (int)strlen(header),
	       "======================================================");
	print_columns(names, listed(names));
	printf("\n");
}
