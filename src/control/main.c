/* main.c - the control process: forkserver-control FD, started by the supervisor. */
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "control/control.h"
#include "control/privileges.h"
#include "ipc/channel.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { EXIT_USAGE = 2 };

#if defined(__SANITIZE_ADDRESS__)
/* The leak checker traces its own process from another one, and here neither is allowed. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

/* Its end is the channel's; a signal to the whole process group is meant for the supervisor. */
static void ignore_signals(void)
{
	static const int signals[] = {
		SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_IGN);
}

/* More connections than the limit that programs get; only root may raise it. */
static void raise_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max >= 65536)
		return;
	limit.rlim_cur = limit.rlim_max = 65536;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int parse_fd(const char *text)
{
	char *end;
	long fd = strtol(text, &end, 10);

	return *text && !*end && fd >= 3 && fd <= INT_MAX ? (int)fd : -1;
}

static int serve(int channel)
{
	static struct control control;
	struct message setup;
	int r = channel_recv(channel, &setup);

	if (r <= 0) {
		if (r < 0)
			log_critical("control: no set-up from the supervisor: %s", strerror(-r));
		fd_close(&channel);
		return r == 0 ? 0 : EXIT_USAGE;
	}
	r = control_init(&control, channel, &setup);
	message_done(&setup);
	if (r == 0)
		r = control_run(&control);
	else
		log_critical("control: cannot serve: %s", strerror(-r));
	control_done(&control);
	return r < 0 ? EXIT_FAILURE : r;
}

int main(int argc, char **argv)
{
	struct error err = { { 0 } };
	int channel = argc == 2 ? parse_fd(argv[1]) : -1;

	if (channel < 0 || fd_cloexec(channel, 1) < 0) {
		fprintf(stderr, "%s: started by forkserver(8), not by hand\n", argv[0]);
		return EXIT_USAGE;
	}
	ignore_signals();
	tzset(); /* reads a file, which is not for later */
	raise_nofile();
	if (privileges_drop(&err) < 0) {
		log_critical("control: cannot drop privileges: %s", err.text);
		return EXIT_FAILURE;
	}
	return serve(channel);
}
