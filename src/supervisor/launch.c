/* launch.c - see launch.h. */
#include "supervisor/launch.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "supervisor/user.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum step { STEP_FDS = 1, STEP_GROUP, STEP_SIGNALS, STEP_USER, STEP_DIRECTORY, STEP_EXEC };

/* What the child writes into the CLOEXEC pipe when it cannot go on. */
struct failure {
	int step;
	int error;
};

/* For kernels before 5.9, which have no close_range(2). */
static int close_from_slowly(int first)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd >= first && fd != dirfd(dir) && entry->d_name[0] != '.')
			close(fd);
	}
	closedir(dir);
	return 0;
}

static int close_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, UINT_MAX, 0) == 0)
		return 0;
	return close_from_slowly(first);
}

/* Puts the stdio fds, the others and the error pipe at 0, 1, …, in two steps: first copies of all
 * above the targets, so that no target overwrites a source that is still needed. */
static int arrange_fds(const struct launch *what, int *error_pipe)
{
	int base = 3 + (int)what->nfds;
	int high[3 + LAUNCH_FDS_MAX], error_high;

	error_high = fcntl(*error_pipe, F_DUPFD_CLOEXEC, base + 1);
	if (error_high < 0)
		return -errno;
	*error_pipe = error_high;
	for (int i = 0; i < base; i++) {
		int from = i < 3 ? what->stdio[i] : what->fds[i - 3];

		if (from < 0)
			from = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (from < 0)
			return -errno;
		high[i] = fcntl(from, F_DUPFD_CLOEXEC, base + 1);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < base; i++)
		if (dup2(high[i], i) < 0)
			return -errno;
	if (dup3(error_high, base, O_CLOEXEC) < 0)
		return -errno;
	*error_pipe = base;
	return close_from(base + 1);
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

static void write_pid(char *entry)
{
	/* snprintf of an int into a buffer allocates nothing */
	char digits[16];
	int n = snprintf(digits, sizeof(digits), "%d", (int)getpid());

	memcpy(entry + strlen("LISTEN_PID="), digits, (size_t)n + 1);
}

/* The child from fork to exec; the signals are still blocked.  Returns the failed step. */
static int prepare_and_exec(const struct launch *what, int *error_pipe, int *ret_error)
{
	*ret_error = -arrange_fds(what, error_pipe);
	if (*ret_error)
		return STEP_FDS;
	if (setpgid(0, 0) < 0) {
		*ret_error = errno;
		return STEP_GROUP;
	}
	if (what->umask >= 0)
		umask((mode_t)what->umask);
	if (what->user && what->user->name)
		*ret_error = -user_become(what->user);
	if (*ret_error)
		return STEP_USER;
	if (what->directory && chdir(what->directory) < 0) {
		*ret_error = errno;
		return STEP_DIRECTORY;
	}
	if (what->listen_pid)
		write_pid(what->listen_pid);
	*ret_error = -reset_signals();
	if (*ret_error)
		return STEP_SIGNALS;
	execve(what->path, what->argv, what->environment);
	*ret_error = errno;
	return STEP_EXEC;
}

static void explain(const struct launch *what, const struct failure *failure, struct error *err)
{
	const char *why = strerror(failure->error);

	switch (failure->step) {
	case STEP_FDS:
		error_set(err, "cannot arrange the file descriptors: %s", why);
		break;
	case STEP_GROUP:
		error_set(err, "setpgid: %s", why);
		break;
	case STEP_SIGNALS:
		error_set(err, "cannot reset the signals: %s", why);
		break;
	case STEP_USER:
		error_set(err, "cannot become user \"%s\": %s%s", what->user->name, why,
			  geteuid() ? "; only root can start programs as another user" : "");
		break;
	case STEP_DIRECTORY:
		error_set(err, "chdir to %s: %s", what->directory, why);
		break;
	default:
		error_set(err, "couldn't exec %s: %s%s", what->path, why,
			  failure->error == ENOENT && access(what->path, F_OK) == 0
				  ? " (the interpreter named in its first line is missing)"
				  : "");
	}
}

/* Waits until the pipe is closed by the exec (0) or brings a failure (-errno). */
static int await_exec(const struct launch *what, pid_t pid, int fd, struct error *err)
{
	struct failure failure;
	ssize_t n;

	do
		n = read(fd, &failure, sizeof(failure));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != sizeof(failure)) {
		error_set(err, "the error pipe of a new child broke");
		return -EIO;
	}
	explain(what, &failure, err);
	return -failure.error;
}

pid_t launch(const struct launch *what, struct error *err)
{
	int ends[2], r = 0;
	sigset_t all, before;
	pid_t pid;

	if (what->nfds > LAUNCH_FDS_MAX) {
		error_set(err, "more than %d sockets for one program", LAUNCH_FDS_MAX);
		return -E2BIG;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		r = -errno;
		error_set(err, "pipe: %s", strerror(-r));
		return r;
	}
	/* blocked, so that no handler of ours runs in the child and writes into our loop's pipe */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		struct failure failure;

		failure.step = prepare_and_exec(what, &ends[1], &failure.error);
		(void)fd_write_all(ends[1], &failure, sizeof(failure));
		_exit(127);
	}
	if (pid < 0)
		r = -errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	fd_close(&ends[1]);
	if (r < 0)
		error_set(err, "fork: %s", strerror(-r));
	else
		r = await_exec(what, pid, ends[0], err);
	fd_close(&ends[0]);
	return r < 0 ? r : pid;
}

/* 0 if it can be run, or -errno. */
static int runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && (st.st_mode & 0111) ? 0 : -EACCES;
}

static int not_runnable(const char *path, int r, struct error *err)
{
	struct stat st;

	if (r != -EACCES)
		error_set(err, "can't find command '%s'", path);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		error_set(err, "command at '%s' is a directory", path);
	else
		error_set(err, "command at '%s' is not executable", path);
	return r == -EACCES ? r : -ENOENT;
}

static int give_path(const char *path, char **ret_path, struct error *err)
{
	*ret_path = strdup(path);
	if (!*ret_path)
		error_set(err, "out of memory");
	return *ret_path ? 0 : -ENOMEM;
}

int launch_lookup(const char *name, char *const *environment, char **ret_path, struct error *err)
{
	const char *at = strv_getenv(environment, "PATH");
	int r = -ENOENT, denied = 0;
	char path[PATH_MAX];

	if (strchr(name, '/')) {
		r = runnable(name);
		return r < 0 ? not_runnable(name, r, err) : give_path(name, ret_path, err);
	}
	if (!at)
		at = "/bin:/usr/bin:/usr/local/bin";
	while (*name) {
		size_t len = strcspn(at, ":");
		int n = snprintf(path, sizeof(path), "%.*s%s%s", (int)len, at, len ? "/" : "./",
				 name);

		r = n > 0 && (size_t)n < sizeof(path) ? runnable(path) : -ENAMETOOLONG;
		if (r == 0)
			return give_path(path, ret_path, err);
		if (r == -EACCES)
			denied = r;
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	return not_runnable(name, denied ? denied : r, err);
}

char *launch_find(const char *name, char *const *environment, struct error *err)
{
	char *path = NULL;

	return launch_lookup(name, environment, &path, err) == 0 ? path : NULL;
}
