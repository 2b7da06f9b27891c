/* wait_status.c - see wait_status.h. */
#include "supervisor/wait_status.h"

#include "base/util.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define NAME(signal) [signal] = #signal
static const char *const names[] = {
	NAME(SIGHUP),  NAME(SIGINT),    NAME(SIGQUIT), NAME(SIGILL),  NAME(SIGTRAP), NAME(SIGABRT),
	NAME(SIGBUS),  NAME(SIGFPE),    NAME(SIGKILL), NAME(SIGUSR1), NAME(SIGSEGV), NAME(SIGUSR2),
	NAME(SIGPIPE), NAME(SIGALRM),   NAME(SIGTERM), NAME(SIGCHLD), NAME(SIGCONT), NAME(SIGSTOP),
	NAME(SIGTSTP), NAME(SIGTTIN),   NAME(SIGTTOU), NAME(SIGURG),  NAME(SIGXCPU), NAME(SIGXFSZ),
	NAME(SIGPROF), NAME(SIGVTALRM), NAME(SIGIO),   NAME(SIGPWR),  NAME(SIGSYS),  NAME(SIGWINCH),
};

const char *signal_name(int signum)
{
	static char other[24];

	if (signum > 0 && (size_t)signum < ARRAY_LEN(names) && names[signum])
		return names[signum];
	snprintf(other, sizeof(other), "signal %d", signum);
	return other;
}

const char *wait_status_text(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "terminated by %s%s", signal_name(WTERMSIG(status)),
			 WCOREDUMP(status) ? " (core dumped)" : "");
	else
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
	return text;
}
