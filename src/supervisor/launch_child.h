/* launch_child.h - what a started child does until it is the program: see launch.h.
 * Runs in: the supervisor's child, in the supervisor's memory, while the supervisor stands still.
 */
#ifndef SUPERVISOR_LAUNCH_CHILD_H
#define SUPERVISOR_LAUNCH_CHILD_H

#include "supervisor/limits.h"

struct launch;

enum launch_step {
	STEP_CGROUP = 1,
	STEP_FDS,
	STEP_GROUP,
	STEP_LIMITS,
	STEP_SIGNALS,
	STEP_USER,
	STEP_DIRECTORY,
	STEP_EXEC
};

/* What the child writes into the error pipe when it cannot go on. */
struct launch_failure {
	int step; /* enum launch_step */
	int error;
	struct limits_failure limits; /* STEP_LIMITS */
};

/* The argument of launch_child(); all is borrowed and only read. */
struct launch_start {
	const struct launch *what;
	int error_pipe; /* write end, CLOEXEC */
};

/* For clone(2), with every signal blocked; does not return.  Async-signal-safe; changes no memory
 * but its own stack and what->listen_pid and watchdog_pid. */
int launch_child(void *start);

/* Closes every fd from that one on.  Async-signal-safe; 0 or -errno. */
int launch_close_from(int first);

#endif
