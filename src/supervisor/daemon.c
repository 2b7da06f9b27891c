/* daemon.c - see daemon.h. */
#include "supervisor/daemon.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/exit_status.h"
#include "supervisor/user.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void daemon_open_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

/* The process that the user started: waits for the verdict on the start. */
static void __attribute__((noreturn)) wait_for_verdict(int fd)
{
	uint8_t status = EXIT_CONFIG; /* it died without a word */

	while (read(fd, &status, 1) < 0 && errno == EINTR)
		;
	_exit(status);
}

int daemon_detach(struct error *err)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		return error_set(err, "fork: %s", strerror(errno));
	if (pid > 0) {
		close(ends[1]);
		wait_for_verdict(ends[0]);
	}
	close(ends[0]);
	setsid();
	pid = fork(); /* not a session leader: no terminal can become ours */
	if (pid < 0)
		return error_set(err, "fork: %s", strerror(errno));
	if (pid > 0)
		_exit(0);
	return ends[1];
}

void daemon_ready(int *fd, int status)
{
	uint8_t byte = (uint8_t)status;
	int null;

	if (*fd < 0)
		return;
	(void)fd_write_all(*fd, &byte, 1);
	fd_close(fd);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	if (null > 2)
		close(null);
}

static int raise_limit(int resource, const char *what, const char *key, rlim_t wanted,
		       struct error *err)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return error_set(err, "getrlimit: %s", strerror(errno));
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
		return 0;
	limit.rlim_cur = wanted;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
		limit.rlim_max = wanted; /* only root may */
	if (setrlimit(resource, &limit) == 0)
		return 0;
	return error_set(err,
			 "The minimum number of %s required to run this process is %llu as per the "
			 "\"%s\" setting, but the current environment allows fewer: %s",
			 what, (unsigned long long)wanted, key, strerror(errno));
}

static int change_user(const struct config_daemon *daemon, struct error *err)
{
	struct user user;
	int r;

	if (!daemon->user)
		return 0;
	if (user_find(&user, daemon->user, err) < 0)
		return -1;
	if (user_is_self(&user)) {
		user_done(&user);
		return 0;
	}
	r = user_become(&user);
	user_done(&user);
	if (r == -EPERM && geteuid() != 0)
		return error_set(err, "Can't drop privilege as nonroot user");
	if (r < 0)
		return error_set(err, "cannot become user %s: %s", daemon->user, strerror(-r));
	return 0;
}

int daemon_apply(const struct config_daemon *daemon, struct error *err)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (raise_limit(RLIMIT_NOFILE, "file descriptors", "minfds", daemon->minfds, err) < 0 ||
	    raise_limit(RLIMIT_NPROC, "available processes", "minprocs", daemon->minprocs, err) < 0)
		return -1;
	if (daemon->directory && chdir(daemon->directory) < 0)
		return error_set(err, "can't chdir into [supervisord] directory %s: %s",
				 daemon->directory, strerror(errno));
	if (change_user(daemon, err) < 0)
		return -1;
	umask((mode_t)daemon->umask);
	sigaction(SIGPIPE, &ignore, NULL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_set(err, "prctl(PR_SET_CHILD_SUBREAPER): %s", strerror(errno));
	return 0;
}
