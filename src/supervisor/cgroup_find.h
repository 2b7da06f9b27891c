/* cgroup_find.h - where our own cgroup is: cgroups(7), proc(5).
 * Runs in: supervisor.  Pure. */
#ifndef SUPERVISOR_CGROUP_FIND_H
#define SUPERVISOR_CGROUP_FIND_H

enum cgroup_kind {
	CGROUP_NONE,
	CGROUP_V1, /* a hierarchy of the memory controller alone, or with others */
	CGROUP_V2,
};

/* The directory of our own cgroup in that kind of hierarchy, from the texts of /proc/self/cgroup
 * and /proc/self/mountinfo.  malloc'ed; NULL: it is not mounted, or not visible from here. */
char *cgroup_find(const char *self, const char *mounts, enum cgroup_kind kind);

#endif
