/* process_hooks.c - prestart and poststop.  See process.h. */
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/config.h"
#include "config/words.h"
#include "supervisor/launch.h"
#include "supervisor/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_for_the_program_alone(const char *entry)
{
	return strncmp(entry, "LISTEN_", 7) == 0 || strncmp(entry, "WATCHDOG_", 9) == 0 ||
	       strncmp(entry, "NOTIFY_SOCKET=", 14) == 0;
}

/* The program's environment without what belongs to its sockets, which a hook does not get, and
 * without what would let it speak for the program: a vector that borrows its strings, or NULL. */
static char **hook_environment(const struct process *process)
{
	char **all = process->environment;
	char **made = calloc(strv_len(all) + 1, sizeof(*made));
	size_t n = 0;

	for (; made && *all; all++)
		if (!is_for_the_program_alone(*all))
			made[n++] = *all;
	return made;
}

/* A worker has what its section does not say from its zygote. */
static void fill_place(struct launch *what, const struct process *process)
{
	const struct zygote_link *zygote = process->zygote;

	what->user = process->user.name ? &process->user : NULL;
	what->directory = process->config->directory;
	what->umask = process->program->umask;
	if (!zygote)
		return;
	if (!what->user && zygote->user.name)
		what->user = &zygote->user;
	if (!what->directory)
		what->directory = zygote->config->directory;
	if (what->umask < 0)
		what->umask = zygote->config->umask;
}

int process_command(struct process *process, const struct process_command *command,
		    struct error *err)
{
	CLEANUP_FREE char **environment = hook_environment(process);
	CLEANUP_FREE char *path = NULL;
	int fds[2] = { -1, -1 }, r;
	char **argv = NULL;
	struct launch what = { .environment = environment,
			       .limits = process->program,
			       .name = process->config->name };

	if (!environment || words_command(command->text, &argv, err) < 0) {
		if (!environment)
			error_set(err, "out of memory");
		return -ENOMEM;
	}
	fill_place(&what, process);
	what.argv = argv;
	r = launch_lookup(argv[0], environment, &path, err);
	what.path = path;
	if (r == 0)
		r = process_logs_open_plain(process, fds, err);
	what.stdio[0] = -1;
	what.stdio[1] = command->quiet ? -1 : fds[0];
	what.stdio[2] = fds[1];
	if (r == 0)
		r = hook_start(command->hook, &what, command->seconds, command->grace, err);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
	strv_free(argv);
	return r;
}

static int run(struct process *process, const char *text, struct error *err)
{
	struct process_command command = { .hook = &process->hook,
					   .text = text,
					   .seconds = process->program->hooksecs,
					   .grace = process->program->stopwaitsecs };

	return process_command(process, &command, err);
}

/* ---- before ---- */

int process_prestart(struct process *process, struct error *err)
{
	int r;

	process->hook_is_prestart = true;
	r = run(process, process->program->prestart, err);
	if (r < 0) {
		error_prefix(err, "prestart");
		return r;
	}
	log_debug("%s: prestart runs with pid %d", process->config->name, (int)process->hook.pid);
	snprintf(process->note, sizeof(process->note), "running its prestart command");
	return 0;
}

static void prestart_ended(struct process *process, const char *failure)
{
	char why[128];

	process->note[0] = '\0';
	if (process->state != PROCESS_STARTING) { /* it was stopped meanwhile */
		process_handle(process, PROCESS_CANCELED);
		return;
	}
	process->prepared = !failure;
	snprintf(why, sizeof(why), "prestart %s", failure ? failure : "");
	process_spawn_resume(process, failure ? why : NULL, false);
}

/* ---- after ---- */

void process_poststop(struct process *process)
{
	struct error err = { { 0 } };

	if (!process->program->poststop)
		return;
	process->hook_is_prestart = false;
	if (run(process, process->program->poststop, &err) < 0)
		log_warn("%s: poststop: %s", process->config->name, err.text);
	else
		log_debug("%s: poststop runs with pid %d", process->config->name,
			  (int)process->hook.pid);
}

static void poststop_ended(struct process *process, const char *failure)
{
	if (failure)
		log_warn("%s: poststop %s", process->config->name, failure);
	process_settled(process);
}

/* ---- both ---- */

static void on_end(struct hook *hook, const char *failure)
{
	struct process *process = container_of(hook, struct process, hook);

	if (process->hook_is_prestart)
		prestart_ended(process, failure);
	else
		poststop_ended(process, failure);
}

void process_hooks_init(struct process *process)
{
	hook_init(&process->hook, process->host->loop, process->host->reaper);
	process->hook.done = on_end;
}

bool process_is_preparing(const struct process *process)
{
	return hook_is_active(&process->hook) && process->hook_is_prestart;
}
