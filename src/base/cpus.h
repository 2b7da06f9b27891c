/* cpus.h - how many CPUs there are to use.
 * Runs in: supervisor. */
#ifndef BASE_CPUS_H
#define BASE_CPUS_H

/* Those that the process may run on (sched_getaffinity(2)), but no more than the cgroups that it is
 * in give it time for; at least 1. */
unsigned cpus_usable(void);

/* How many CPUs' time the quotas of a cgroup and those above it, up to `root`, allow, rounded up;
 * 0: they do not limit it.  `path` begins with a slash, as in /proc/PID/cgroup. */
unsigned cpus_of_cgroup(const char *root, const char *path);

/* The same of one cpu.max: "QUOTA PERIOD" or "max PERIOD" (Linux, cgroup-v2.rst). */
unsigned cpus_of_quota(const char *text);

#endif
