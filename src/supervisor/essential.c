/* essential.c - see essential.h. */
#include "supervisor/essential.h"

#include "config/config.h"
#include "supervisor/process.h"

#include <sys/wait.h>

bool essential_ended(const struct process *process)
{
	if (!process->program->essential)
		return false;
	return process->state == PROCESS_FATAL ||
	       (process->state == PROCESS_EXITED && !process->restarts && !process->condemned);
}

int essential_status(const struct process *process)
{
	if (process->state == PROCESS_FATAL)
		return 1;
	if (WIFSIGNALED(process->status))
		return 128 + WTERMSIG(process->status);
	return WEXITSTATUS(process->status);
}
