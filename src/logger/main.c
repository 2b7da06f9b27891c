/* main.c - forkserver-logger FD: started by forkserver(8), which holds the other end. */
#include "logger/logger.h"

#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* The supervisor ends us, when all is written: not who signals the whole process group. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGTERM, SIGINT,  SIGHUP,  SIGQUIT,
				       SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ };
	sigset_t none;

	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	int channel = argc == 2 ? atoi(argv[1]) : 0, r;

	if (channel < 3 || fd_cloexec(channel, 1) < 0) {
		fprintf(stderr, "%s: started by forkserver(8), not by hand\n", argv[0]);
		return 2;
	}
	ignore_signals();
	raise_limit();
	r = logger_run(channel, NULL);
	if (r < 0)
		fprintf(stderr, "%s: cannot start: %s\n", argv[0], strerror(-r));
	return r < 0 ? 1 : 0;
}
