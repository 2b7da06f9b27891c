/* launch_child.c - see launch_child.h. */
#include "supervisor/launch_child.h"

#include "base/fd.h"
#include "supervisor/launch.h"
#include "supervisor/user.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What getdents64(2) writes. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static void close_listed(const char *entries, long size, int first, int keep)
{
	for (long at = 0; at < size;) {
		const struct entry *entry = (const struct entry *)(entries + at);
		int fd = 0;

		for (const char *c = entry->name; *c >= '0' && *c <= '9'; c++)
			fd = fd * 10 + (*c - '0');
		if (entry->name[0] != '.' && fd >= first && fd != keep)
			close(fd);
		at += entry->len;
	}
}

/* For kernels before 5.9, which have no close_range(2); without readdir(3), which allocates. */
static int close_from_slowly(int first)
{
	_Alignas(struct entry) char entries[2048];
	int dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	if (dir < 0)
		return -errno;
	while ((n = syscall(SYS_getdents64, dir, entries, sizeof(entries))) > 0)
		close_listed(entries, n, first, dir);
	close(dir);
	return n < 0 ? -errno : 0;
}

int launch_close_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, UINT_MAX, 0) == 0)
		return 0;
	return close_from_slowly(first);
}

/* What what->stdio and what->fds become, one after the other. */
static int number_of(const struct launch *what, int i)
{
	int counted = 3 + (int)(what->nfds - what->nnumbers);

	return i < counted ? i : what->numbers[i - counted];
}

/* The first number above all of them. */
static int above_all(const struct launch *what)
{
	int above = 3;

	for (int i = 3; i < 3 + (int)what->nfds; i++)
		if (number_of(what, i) >= above)
			above = number_of(what, i) + 1;
	return above;
}

/* What lies between them. */
static void close_gaps(const struct launch *what, int above)
{
	for (int fd = 3; fd < above && what->nnumbers; fd++) {
		int i = 3;

		while (i < 3 + (int)what->nfds && number_of(what, i) != fd)
			i++;
		if (i == 3 + (int)what->nfds)
			close(fd);
	}
}

/* Puts the stdio fds, the others and the error pipe where they belong, in two steps: first copies
 * of all above the targets, so that no target overwrites a source that is still needed. */
static int arrange_fds(const struct launch *what, int *error_pipe)
{
	int above = above_all(what), n = 3 + (int)what->nfds;
	int high[3 + LAUNCH_FDS_MAX], error_high;

	error_high = fcntl(*error_pipe, F_DUPFD_CLOEXEC, above + 1);
	if (error_high < 0)
		return -errno;
	*error_pipe = error_high;
	for (int i = 0; i < n; i++) {
		int from = i < 3 ? what->stdio[i] : what->fds[i - 3];

		if (from < 0)
			from = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (from < 0)
			return -errno;
		high[i] = fcntl(from, F_DUPFD_CLOEXEC, above + 1);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < n; i++)
		if (dup2(high[i], number_of(what, i)) < 0)
			return -errno;
	if (dup3(error_high, above, O_CLOEXEC) < 0)
		return -errno;
	*error_pipe = above;
	close_gaps(what, above);
	return launch_close_from(above + 1);
}

/* By the system call: glibc refuses its own two signals, 32 and 33, which posix_spawn(3) of whoever
 * started us leaves ignored.  All zeros are SIG_DFL, no flags and no mask on every architecture. */
static int reset_signals(void)
{
	static const unsigned long by_default[8];
	sigset_t none;

	for (int i = 1; i < NSIG; i++) /* KILL and STOP: EINVAL */
		(void)syscall(SYS_rt_sigaction, i, by_default, NULL, (size_t)(NSIG - 1) / 8);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

/* Behind the '=' of an entry of the environment that has room for it. */
static void write_pid(char *entry)
{
	/* snprintf of an int into a buffer allocates nothing */
	char digits[16];
	int n = snprintf(digits, sizeof(digits), "%d", (int)getpid());

	memcpy(strchr(entry, '=') + 1, digits, (size_t)n + 1);
}

static int join_cgroups(const struct launch *what)
{
	for (size_t i = 0; i < what->ncgroups; i++)
		if (write(what->cgroups[i], "0", 1) < 0) /* 0: who writes */
			return -errno;
	return 0;
}

/* As long as it is what the supervisor is.  0, or the step that failed. */
static int prepare(const struct launch *what, int *error_pipe, struct launch_failure *failure)
{
	int r = join_cgroups(what);

	if (r < 0) {
		failure->error = -r;
		return STEP_CGROUP;
	}
	r = arrange_fds(what, error_pipe);
	if (r < 0) {
		failure->error = -r;
		return STEP_FDS;
	}
	if (setpgid(0, 0) < 0) {
		failure->error = errno;
		return STEP_GROUP;
	}
	/* after the fds, which a low limit would be in the way of; before the user, who may do less
	 */
	if (what->limits && limits_apply(what->limits, 0, &failure->limits) < 0) {
		failure->error = failure->limits.error;
		return STEP_LIMITS;
	}
	return 0;
}

/* Becomes the program.  The step that failed. */
static int become(const struct launch *what, struct launch_failure *failure)
{
	int r;

	if (what->umask >= 0)
		umask((mode_t)what->umask);
	r = what->user && what->user->name ? user_become(what->user) : 0;
	if (r < 0) {
		failure->error = -r;
		return STEP_USER;
	}
	if (what->directory && chdir(what->directory) < 0) {
		failure->error = errno;
		return STEP_DIRECTORY;
	}
	if (what->listen_pid)
		write_pid(what->listen_pid);
	if (what->watchdog_pid)
		write_pid(what->watchdog_pid);
	r = reset_signals();
	if (r < 0) {
		failure->error = -r;
		return STEP_SIGNALS;
	}
	execve(what->path, what->argv, what->environment);
	failure->error = errno;
	return STEP_EXEC;
}

int launch_child(void *argument)
{
	const struct launch_start *start = argument;
	struct launch_failure failure;
	int error_pipe = start->error_pipe;

	memset(&failure, 0, sizeof(failure));
	failure.step = prepare(start->what, &error_pipe, &failure);
	if (!failure.step)
		failure.step = become(start->what, &failure);
	(void)fd_write_all(error_pipe, &failure, sizeof(failure));
	_exit(127);
}
