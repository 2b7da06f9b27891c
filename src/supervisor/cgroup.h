/* cgroup.h - cgroups for programs with memory_max, one for each process, made by us below our own.
 * Runs in: supervisor.
 *
 * Version 2 is used where it has the memory controller and belongs to us (Delegate=yes in systemd's
 * terms): we move into the leaf `supervisor`, and processes get leaves beside it.  Otherwise
 * version 1: leaves in `forkserver.PID`.  Otherwise there is none, which is said once. */
#ifndef SUPERVISOR_CGROUP_H
#define SUPERVISOR_CGROUP_H

#include "supervisor/cgroup_find.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

/* Embedded; zeroed: nobody has looked yet. */
struct cgroups {
	enum cgroup_kind kind;
	bool looked;
	char *base; /* directory of the leaves; owned */
	bool made;  /* base is ours to remove */
};

void cgroups_done(struct cgroups *cgroups); /* removes what we made, if nobody is in it */

/* Embedded; zeroed with procs -1: none. */
struct cgroup {
	enum cgroup_kind kind;
	char *path; /* owned */
	int procs;  /* its cgroup.procs, to be written by who enters; owned; -1 */
};

/* Makes the leaf `name`, or uses the one that is there, and sets its limit in bytes.  0; -ENOTSUP
 * with err: there are no cgroups for us here; or another -errno with err. */
int cgroup_open(struct cgroup *cgroup, struct cgroups *cgroups, const char *name,
		uint64_t memory_max, struct error *err);
int cgroup_enter(const struct cgroup *cgroup, pid_t pid); /* 0 or -errno */
void cgroup_kill(const struct cgroup *cgroup);            /* SIGKILL to all who are in it */

/* Nobody of ours is in it any more: removes it, unless somebody else has stayed. */
void cgroup_close(struct cgroup *cgroup);

#endif
