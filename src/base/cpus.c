/* cpus.c - see cpus.h. */
#include "base/cpus.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)64 << 10)
#define CPUS_MAX (1 << 16)

unsigned cpus_of_quota(const char *text)
{
	unsigned long long quota, period;

	if (sscanf(text, "%llu %llu", &quota, &period) != 2 || !period ||
	    quota / period >= CPUS_MAX)
		return 0;
	quota = (quota + period - 1) / period;
	return quota ? (unsigned)quota : 1;
}

static unsigned quota_in(const char *directory)
{
	struct buf text = { 0 };
	char path[PATH_MAX];
	unsigned n = 0;

	if (snprintf(path, sizeof(path), "%s/cpu.max", directory) < (int)sizeof(path) &&
	    fd_read_path(path, &text, FILE_MAX) == 0)
		n = cpus_of_quota(buf_str(&text));
	buf_done(&text);
	return n;
}

unsigned cpus_of_cgroup(const char *root, const char *path)
{
	size_t len = strlen(root);
	char directory[PATH_MAX];
	unsigned least = 0;

	if (snprintf(directory, sizeof(directory), "%s%s", root, path) >= (int)sizeof(directory))
		return 0;
	for (;;) {
		unsigned n = quota_in(directory);
		char *slash = strrchr(directory + len, '/');

		if (n && (!least || n < least))
			least = n;
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* Of version 2, which has no controllers in its line: "0::/path". */
static unsigned quota_of_self(void)
{
	struct buf text = { 0 };
	unsigned n = 0;

	if (fd_read_path("/proc/self/cgroup", &text, FILE_MAX) == 0) {
		char *line = strstr(buf_str(&text), "0::/");
		CLEANUP_FREE char *path = line ? strndup(line + 3, strcspn(line + 3, "\n")) : NULL;

		if (path)
			n = cpus_of_cgroup("/sys/fs/cgroup", path);
	}
	buf_done(&text);
	return n;
}

/* The kernel refuses a set that is smaller than its own, with EINVAL. */
static unsigned affinity(void)
{
	for (int max = 1024; max <= CPUS_MAX; max *= 2) {
		cpu_set_t *set = CPU_ALLOC((size_t)max);
		size_t size = CPU_ALLOC_SIZE((size_t)max);
		int n = 0, r = set ? sched_getaffinity(0, size, set) : -1;

		if (r == 0)
			n = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (r == 0)
			return n > 0 ? (unsigned)n : 1;
		if (errno != EINVAL)
			break;
	}
	return 1;
}

unsigned cpus_usable(void)
{
	unsigned n = affinity(), quota = quota_of_self();

	return quota && quota < n ? quota : n;
}
