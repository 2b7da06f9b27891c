/* launch.c - see launch.h. */
#include "supervisor/launch.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/strv.h"
#include "supervisor/launch_child.h"
#include "supervisor/limits.h"
#include "supervisor/user.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_SIZE 32768 /* the child calls nothing deep */
#define WAIT_MS 1000

static void explain(const struct launch *what, const struct launch_failure *failure,
		    struct error *err)
{
	const char *why = strerror(failure->error);

	switch (failure->step) {
	case STEP_CGROUP:
		error_set(err, "cannot enter its cgroup: %s", why);
		break;
	case STEP_FDS:
		error_set(err, "cannot arrange the file descriptors: %s", why);
		break;
	case STEP_GROUP:
		error_set(err, "setpgid: %s", why);
		break;
	case STEP_LIMITS:
		limits_explain(what->limits, &failure->limits, err);
		if (what->name)
			error_prefix(err, "%s", what->name);
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

/* Waits until the pipe is closed by the exec (0) or brings a failure (-errno).  A child that is
 * stuck (stopped, or on a file system that hangs) counts as started: its status will tell. */
static int await_exec(const struct launch *what, pid_t pid, int fd, struct error *err)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };
	struct launch_failure failure;
	ssize_t n;

	if (poll(&end, 1, WAIT_MS) == 0)
		return 0;
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

#ifdef __SANITIZE_ADDRESS__
#define CAN_SHARE_MEMORY false /* it watches every access, and does not understand that */
#else
#define CAN_SHARE_MEMORY true
#endif

/* A child that shares our memory starts at the same cost however large we are; but we stand still
 * until it has exec'd or is gone.  Nobody else may be able to make that long: a child that becomes
 * another user can be stopped by that user's processes, so it gets a copy, which is waited for with
 * a limit. */
static pid_t start_child(struct launch_start *start)
{
	const struct user *user = start->what->user;
	_Alignas(64) char stack[STACK_SIZE];
	pid_t pid;

	if (CAN_SHARE_MEMORY && (!user || !user->name || user_is_self(user)))
		return clone(launch_child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
			     start);
	pid = fork();
	if (pid == 0)
		launch_child(start);
	return pid;
}

/* "fork" is what supervisord says, too. */
static int explain_fork(const struct launch *what, int r, struct error *err)
{
	const char *name = what->name ? what->name : what->path;

	if (r == -EAGAIN)
		error_set(err,
			  "Too many processes in process table to spawn '%s' (fork: %s: the "
			  "limit of processes of this user, of the cgroup or of the system is "
			  "reached)",
			  name, strerror(-r));
	else
		error_set(err, "unknown error during fork for '%s': %s", name, strerror(-r));
	return r;
}

pid_t launch(const struct launch *what, struct error *err)
{
	struct launch_start start = { .what = what };
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
	start.error_pipe = ends[1];
	/* blocked, so that no handler of ours runs in the child and writes into our loop's pipe */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = start_child(&start);
	if (pid < 0)
		r = -errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	fd_close(&ends[1]);
	r = r < 0 ? explain_fork(what, r, err) : await_exec(what, pid, ends[0], err);
	fd_close(&ends[0]);
	if (what->listen_pid)
		memcpy(what->listen_pid, LAUNCH_PID_ROOM, sizeof(LAUNCH_PID_ROOM));
	if (what->watchdog_pid)
		memcpy(what->watchdog_pid, LAUNCH_WATCHDOG_ROOM, sizeof(LAUNCH_WATCHDOG_ROOM));
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
