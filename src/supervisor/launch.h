/* launch.h - starts a program as a direct child with nothing inherited but what is named.
 * Runs in: supervisor. */
#ifndef SUPERVISOR_LAUNCH_H
#define SUPERVISOR_LAUNCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config_program;
struct error;
struct user;

#define LAUNCH_FDS_MAX 64
#define LAUNCH_PID_ROOM "LISTEN_PID=          "        /* what launch.listen_pid must start as */
#define LAUNCH_WATCHDOG_ROOM "WATCHDOG_PID=          " /* and launch.watchdog_pid */

/* Everything is borrowed and only read, but listen_pid and watchdog_pid. */
struct launch {
	const char *path;         /* of the program; not searched for */
	char *const *argv;        /* argv[0] need not be path */
	char *const *environment; /* complete */
	const char *directory;    /* NULL: stay.  Entered after the user was changed */
	const struct user *user;  /* NULL: stay */
	int stdio[3];             /* -1: /dev/null */
	const int *fds;           /* become 3, 4, … */
	size_t nfds;
	const int *numbers; /* what the last nnumbers of fds become instead, each from 3 on */
	size_t nnumbers;
	int32_t umask;    /* -1: stay */
	char *listen_pid; /* an entry of environment, made of LAUNCH_PID_ROOM; the child writes its
			     pid into it.  NULL: none */
	char *watchdog_pid;                  /* likewise, of LAUNCH_WATCHDOG_ROOM */
	const struct config_program *limits; /* whose limits it gets; NULL: none */
	const int *cgroups;                  /* fds of cgroup.procs files, which the child joins */
	size_t ncgroups;
	const char *name; /* of the process, for messages; NULL: path */
};

/* Forks and execs, without a copy of our memory: own process group, signal mask empty, every
 * disposition default, no other fd. Returns when the exec has happened: the pid; or -errno with the
 * failed call and its object in err
 * ("chdir to /srv/x: No such file or directory"), then no child is left.  The caller is
 * single-threaded. */
pid_t launch(const struct launch *what, struct error *err);

/* The same with the reason as a number: 0 and *ret_path, or -ENOENT (there is none) or -EACCES (it
 * is a directory, or not executable). */
int launch_lookup(const char *name, char *const *environment, char **ret_path, struct error *err);

/* Finds `name` as execvp(3) does, in PATH of `environment`.  A malloc'ed path, or NULL with err in
 * supervisord's words ("can't find command 'x'", "command at '/x' is not executable"). */
char *launch_find(const char *name, char *const *environment, struct error *err);

#endif
