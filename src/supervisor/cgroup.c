/* cgroup.c - see cgroup.h. */
#include "supervisor/cgroup.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)4 << 20) /* of a file in /proc or of a list of pids */
#define KILL_ROUNDS 16             /* who forks while it is being killed is met in the next one */

/* ---- files of a cgroup ---- */

static int open_in(const char *directory, const char *file, int flags)
{
	CLEANUP_FREE char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", directory, file) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_in(const char *directory, const char *file, const char *text)
{
	CLEANUP_FD int fd = open_in(directory, file, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int read_in(const char *directory, const char *file, struct buf *text)
{
	CLEANUP_FD int fd = open_in(directory, file, O_RDONLY);

	return fd < 0 ? fd : fd_read_all(fd, text, TEXT_MAX);
}

static bool has_controller(const char *directory, const char *name)
{
	struct buf text = { 0 };
	char *save = NULL, *word;
	bool found = false;

	if (read_in(directory, "cgroup.controllers", &text) == 0 && text.data)
		for (word = strtok_r(text.data, " \n", &save); word && !found;
		     word = strtok_r(NULL, " \n", &save))
			found = strcmp(word, name) == 0;
	buf_done(&text);
	return found;
}

/* ---- version 2 ---- */

static pid_t parent_of(pid_t pid)
{
	CLEANUP_FREE char *path = NULL;
	struct buf text = { 0 };
	const char *after;
	int parent = 0;

	if (asprintf(&path, "/proc/%d/stat", (int)pid) < 0)
		path = NULL;
	if (path && fd_read_path(path, &text, 4096) == 0) {
		after = strrchr(buf_str(&text), ')');
		if (!after || sscanf(after + 1, " %*c %d", &parent) != 1)
			parent = 0;
	}
	buf_done(&text);
	return parent;
}

static bool is_ours(pid_t pid)
{
	for (int depth = 0; pid > 1 && depth < 64; depth++, pid = parent_of(pid))
		if (pid == getpid())
			return true;
	return pid == getpid();
}

/* Whether all of these pids, one a line, are ours. */
static int check_pids(const char *base, const char *pids, struct error *err)
{
	for (const char *at = pids; *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (!is_ours((pid_t)atoi(at)))
			return error_set(err,
					 "%s is not ours alone (pid %d is in it, too); start "
					 "forkserver in a cgroup of its own (Delegate=yes in its "
					 "unit)",
					 base, atoi(at));
	return 0;
}

static int move_pids(const char *leaf, char *pids, struct error *err)
{
	char *save = NULL;

	for (char *pid = strtok_r(pids, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save)) {
		int r = write_in(leaf, "cgroup.procs", pid);

		if (r < 0 && r != -ESRCH)
			return error_set(err, "cannot move pid %s into %s: %s", pid, leaf,
					 strerror(-r));
	}
	return 0;
}

/* No process may be where a controller is handed on, so we and our children move into a leaf;
 * others would have to be moved as well, which is not for us to do. */
static int move_down(const char *base, struct error *err)
{
	CLEANUP_FREE char *leaf = NULL;
	struct buf pids = { 0 };
	int r;

	if (asprintf(&leaf, "%s/supervisor", base) < 0) {
		leaf = NULL;
		return error_set(err, "out of memory");
	}
	r = read_in(base, "cgroup.procs", &pids);
	if (r < 0)
		r = error_set(err, "cannot read %s/cgroup.procs: %s", base, strerror(-r));
	else
		r = check_pids(base, buf_str(&pids), err);
	if (r == 0 && mkdir(leaf, 0755) < 0 && errno != EEXIST)
		r = error_set(err, "cannot make %s: %s", leaf, strerror(errno));
	if (r == 0 && pids.data)
		r = move_pids(leaf, pids.data, err);
	buf_done(&pids);
	return r;
}

static int use_v2(struct cgroups *cgroups, const char *self, const char *mounts, struct error *err)
{
	CLEANUP_FREE char *base = cgroup_find(self, mounts, CGROUP_V2);
	int r;

	if (!base)
		return error_set(err, "no cgroup2 is mounted");
	if (!has_controller(base, "memory"))
		return error_set(err, "%s has no memory controller", base);
	if (access(base, W_OK) < 0)
		return error_set(err, "%s cannot be written to: %s", base, strerror(errno));
	if (move_down(base, err) < 0)
		return -1;
	r = write_in(base, "cgroup.subtree_control", "+memory");
	if (r < 0)
		return error_set(err, "cannot hand the memory controller on in %s: %s", base,
				 strerror(-r));
	cgroups->kind = CGROUP_V2;
	cgroups->base = base;
	base = NULL;
	return 0;
}

/* ---- version 1 ---- */

static int use_v1(struct cgroups *cgroups, const char *self, const char *mounts, struct error *err)
{
	CLEANUP_FREE char *above = cgroup_find(self, mounts, CGROUP_V1);
	char *base;

	if (!above)
		return error_set(err, "no cgroup hierarchy with the memory controller is mounted");
	if (asprintf(&base, "%s/forkserver.%d", above, (int)getpid()) < 0)
		return error_set(err, "out of memory");
	if (mkdir(base, 0755) < 0 && errno != EEXIST) {
		error_set(err, "cannot make %s: %s", base, strerror(errno));
		free(base);
		return -1;
	}
	cgroups->kind = CGROUP_V1;
	cgroups->base = base;
	cgroups->made = true;
	return 0;
}

static void look(struct cgroups *cgroups)
{
	struct error second = { { 0 } }, first = { { 0 } };
	struct buf self = { 0 }, mounts = { 0 };

	cgroups->looked = true;
	if (fd_read_path("/proc/self/cgroup", &self, TEXT_MAX) < 0 ||
	    fd_read_path("/proc/self/mountinfo", &mounts, TEXT_MAX) < 0)
		log_warn("memory_max is not available here: /proc cannot be read");
	else if (use_v2(cgroups, buf_str(&self), buf_str(&mounts), &second) < 0 &&
		 use_v1(cgroups, buf_str(&self), buf_str(&mounts), &first) < 0)
		log_warn("memory_max is not available here: %s; %s; programs are started without "
			 "it",
			 second.text, first.text);
	buf_done(&self);
	buf_done(&mounts);
}

/* Leaves that somebody was still in when their process ended. */
static void remove_leaves(const char *base)
{
	DIR *directory = opendir(base);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			(void)unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
	if (directory)
		closedir(directory);
}

void cgroups_done(struct cgroups *cgroups)
{
	if (cgroups->made)
		remove_leaves(cgroups->base);
	if (cgroups->made && rmdir(cgroups->base) < 0 && errno != ENOENT)
		log_warn("cannot remove the cgroup %s: %s; a daemon that a program has left behind "
			 "may be in it",
			 cgroups->base, strerror(errno));
	free(cgroups->base);
	*cgroups = (struct cgroups){ .kind = CGROUP_NONE };
}

/* ---- one of them ---- */

static int set_limit(const struct cgroup *cgroup, uint64_t memory_max, struct error *err)
{
	bool v2 = cgroup->kind == CGROUP_V2;
	const char *file = v2 ? "memory.max" : "memory.limit_in_bytes";
	char text[24];
	int r;

	snprintf(text, sizeof(text), "%" PRIu64, memory_max);
	r = write_in(cgroup->path, file, text);
	if (r < 0)
		error_set(err, "memory_max = %s: cannot write %s/%s: %s", text, cgroup->path, file,
			  strerror(-r));
	else if (v2) /* half of a program is of no use */
		(void)write_in(cgroup->path, "memory.oom.group", "1");
	return r;
}

int cgroup_open(struct cgroup *cgroup, struct cgroups *cgroups, const char *name,
		uint64_t memory_max, struct error *err)
{
	int r;

	if (!cgroups->looked)
		look(cgroups);
	if (cgroups->kind == CGROUP_NONE) {
		error_set(err, "memory_max is not available here");
		return -ENOTSUP;
	}
	if (cgroup->procs >= 0)
		return set_limit(cgroup, memory_max, err);
	if (!cgroup->path && asprintf(&cgroup->path, "%s/%s", cgroups->base, name) < 0) {
		cgroup->path = NULL;
		error_set(err, "out of memory");
		return -ENOMEM;
	}
	cgroup->kind = cgroups->kind;
	if (mkdir(cgroup->path, 0755) < 0 && errno != EEXIST) {
		r = -errno;
		error_set(err, "memory_max: cannot make the cgroup %s: %s", cgroup->path,
			  strerror(-r));
		return r;
	}
	r = set_limit(cgroup, memory_max, err);
	if (r < 0)
		return r;
	r = open_in(cgroup->path, "cgroup.procs", O_WRONLY);
	if (r < 0) {
		error_set(err, "memory_max: cannot open %s/cgroup.procs: %s", cgroup->path,
			  strerror(-r));
		return r;
	}
	cgroup->procs = r;
	return 0;
}

int cgroup_enter(const struct cgroup *cgroup, pid_t pid)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	return write(cgroup->procs, text, (size_t)n) < 0 ? -errno : 0;
}

/* How many it has met. */
static unsigned kill_listed(const char *path)
{
	struct buf pids = { 0 };
	unsigned met = 0;

	if (read_in(path, "cgroup.procs", &pids) == 0)
		for (char *at = pids.data; at && *at;
		     at += strcspn(at, "\n"), at += *at == '\n', met++)
			(void)kill((pid_t)atoi(at), SIGKILL);
	buf_done(&pids);
	return met;
}

void cgroup_kill(const struct cgroup *cgroup)
{
	if (!cgroup->path)
		return;
	if (cgroup->kind == CGROUP_V2 && write_in(cgroup->path, "cgroup.kill", "1") == 0)
		return;
	for (int i = 0; i < KILL_ROUNDS && kill_listed(cgroup->path) > 0; i++)
		;
}

void cgroup_close(struct cgroup *cgroup)
{
	if (!cgroup->path)
		return;
	fd_close(&cgroup->procs);
	/* EBUSY: a daemon that it has left behind */
	if (rmdir(cgroup->path) < 0 && errno != ENOENT)
		log_debug("the cgroup %s stays: %s", cgroup->path, strerror(errno));
	free(cgroup->path);
	cgroup->path = NULL;
}
