/* process_begin.c - what a start has to wait for before anything is forked.  See process.h. */
#include "base/log.h"
#include "config/config.h"
#include "supervisor/process.h"

#include <stdio.h>
#include <string.h>

/* Whether it has been started. */
static bool try(struct process *process, char *note, size_t size)
{
	note[0] = '\0';
	if (hook_is_active(&process->hook)) {
		snprintf(note, size, "waiting for its poststop command");
		return false;
	}
	if (!process->host->may_start(process->host, process, note, size))
		return false;
	process_forgo(process);
	process_spawn(process);
	return true;
}

/* What it waits for is said by the look that follows every change: by then the others that are
 * started together with it are on their way, too. */
void process_begin(struct process *process)
{
	char note[sizeof(process->note)];

	process->held = true;
	process->prepared = false;
	process->note[0] = '\0';
	(void)try(process, note, sizeof(note));
}

void process_recheck(struct process *process)
{
	char note[sizeof(process->note)];

	if (!process->held || try(process, note, sizeof(note)) || strcmp(note, process->note) == 0)
		return;
	memcpy(process->note, note, sizeof(note));
	log_info("%s: %s", process->config->name, note);
}

void process_forgo(struct process *process)
{
	process->held = false;
	process->note[0] = '\0';
}
