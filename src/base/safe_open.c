/* safe_open.c - see safe_open.h. */
#include "base/safe_open.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as many as the kernel follows: path_resolution(7) */

/* ---- the directory ---- */

struct walk {
	const char *path;      /* borrowed: the whole, for messages */
	char rest[PATH_MAX];   /* what is still to be walked */
	char walked[PATH_MAX]; /* what has been, for messages */
	int dir;               /* owned; where we are */
	int links;
	struct error *err; /* borrowed */
};

static bool is_ours(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* May anybody but root and us change what is in this directory? */
static bool others_can_write(const struct stat *dir)
{
	return !is_ours(dir->st_uid) || (dir->st_mode & (S_IWGRP | S_IWOTH));
}

static int fail(struct walk *walk, int error)
{
	const char *advice = error == ENOENT    ? "; create it"
			     : error == EACCES  ? "; let this user pass, or choose another place"
			     : error == ENOTDIR ? "; it is not a directory"
						: "";

	error_set(walk->err, "cannot open %s: %s: %s%s", walk->path, walk->walked, strerror(error),
		  advice);
	return -error;
}

/* Appends a component, for messages; what does not fit is left out. */
static void remember(struct walk *walk, const char *name)
{
	size_t len = strlen(walk->walked), more = strlen(name);

	if (len + more + 2 > sizeof(walk->walked))
		return;
	if (len == 0 || walk->walked[len - 1] != '/')
		walk->walked[len++] = '/';
	memcpy(walk->walked + len, name, more + 1);
}

/* Cuts the next component off walk->rest; false: there is none. */
static bool next_component(struct walk *walk, char name[NAME_MAX + 1])
{
	const char *at = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(at, "/");

	if (len == 0 || len > NAME_MAX)
		return false;
	memcpy(name, at, len);
	name[len] = '\0';
	memmove(walk->rest, at + len, strlen(at + len) + 1);
	return true;
}

static int to_root(struct walk *walk)
{
	fd_close(&walk->dir);
	walk->walked[0] = '\0';
	walk->dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return walk->dir < 0 ? fail(walk, errno) : 0;
}

/* Puts a link's target in front of what is still to be walked. */
static int follow(struct walk *walk, const char *name, const struct stat *link_st)
{
	char target[PATH_MAX];
	struct stat dir;
	size_t rest;
	ssize_t len;

	if (fstat(walk->dir, &dir) < 0)
		return fail(walk, errno);
	if (!is_ours(link_st->st_uid) || others_can_write(&dir)) {
		error_set(walk->err,
			  "cannot open %s: %s is a symbolic link that others than root and this "
			  "user could have made; name the place it leads to instead",
			  walk->path, walk->walked);
		return -ELOOP;
	}
	len = readlinkat(walk->dir, name, target, sizeof(target));
	if (len < 0)
		return fail(walk, errno);
	rest = strlen(walk->rest);
	if (++walk->links > LINKS_MAX)
		return fail(walk, ELOOP);
	if ((size_t)len + rest + 2 > sizeof(walk->rest))
		return fail(walk, ENAMETOOLONG);
	memmove(walk->rest + len + 1, walk->rest, rest + 1);
	memcpy(walk->rest, target, (size_t)len);
	walk->rest[len] = '/';
	*strrchr(walk->walked, '/') = '\0';
	return target[0] == '/' ? to_root(walk) : 0;
}

static int step(struct walk *walk, const char *name)
{
	int fd;
	struct stat st;

	remember(walk, name);
	fd = openat(walk->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(walk, errno);
	if (fstat(fd, &st) < 0) {
		int r = fail(walk, errno);

		close(fd);
		return r;
	}
	if (S_ISLNK(st.st_mode)) {
		close(fd);
		return follow(walk, name, &st);
	}
	if (!S_ISDIR(st.st_mode)) {
		close(fd);
		return fail(walk, ENOTDIR);
	}
	close(walk->dir);
	walk->dir = fd;
	return 0;
}

static int walk_all(struct walk *walk)
{
	char name[NAME_MAX + 1];
	int r = to_root(walk);

	while (r == 0 && next_component(walk, name))
		r = step(walk, name);
	if (r == 0 && walk->rest[strspn(walk->rest, "/")])
		r = fail(walk, ENAMETOOLONG);
	return r;
}

int safe_open_dir(const char *path, const char **ret_name, struct error *err)
{
	const char *name = strrchr(path, '/');
	struct walk *walk;
	int r;

	if (path[0] != '/' || !name[1] || strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0) {
		error_set(err, "cannot open %s: not an absolute path of a file", path);
		return -EINVAL;
	}
	if (strlen(path) >= PATH_MAX || strlen(name + 1) > NAME_MAX) {
		error_set(err, "cannot open %.200s…: %s", path, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	walk = calloc(1, sizeof(*walk));
	if (!walk) {
		error_set(err, "cannot open %s: out of memory", path);
		return -ENOMEM;
	}
	walk->path = path;
	walk->err = err;
	walk->dir = -1;
	memcpy(walk->rest, path, (size_t)(name - path));
	r = walk_all(walk);
	if (r == 0) {
		r = walk->dir;
		*ret_name = name + 1;
	} else {
		fd_close(&walk->dir);
	}
	free(walk);
	return r;
}

/* ---- the file ---- */

#define OPEN_FLAGS (O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* O_CREAT never goes without O_EXCL: it would make what is there depend on the kernel's
 * protected_regular (proc(5)), and a race the caller's error. */
static int open_or_create(int dir, const char *name, enum safe_create create, mode_t mode)
{
	for (int tries = 0; tries < 10; tries++) {
		int fd = -1;

		if (create == SAFE_CREATE) {
			fd = openat(dir, name, OPEN_FLAGS);
			if (fd < 0 && errno == ENXIO) /* a FIFO that nobody reads yet: fifo(7) */
				fd = openat(dir, name, (OPEN_FLAGS & ~O_WRONLY) | O_RDWR);
			if (fd >= 0 || errno != ENOENT)
				return fd < 0 ? -errno : fd;
		}
		fd = openat(dir, name, OPEN_FLAGS | O_CREAT | O_EXCL, mode);
		if (fd >= 0 || errno != EEXIST || create == SAFE_NEW)
			return fd < 0 ? -errno : fd;
	}
	return -EBUSY;
}

/* What is wrong with this file?  NULL: nothing. */
static const char *objection(int dir, const struct stat *st)
{
	const mode_t open_to_all = S_ISVTX | S_IWOTH;
	struct stat dir_st;

	if (S_ISFIFO(st->st_mode) || S_ISCHR(st->st_mode))
		return NULL;
	if (!S_ISREG(st->st_mode))
		return "it is neither a file nor a FIFO nor a character device";
	if (fstat(dir, &dir_st) < 0)
		return "its directory cannot be examined";
	if (st->st_nlink > 1 && others_can_write(&dir_st))
		return "it has another name as well (a hard link), and others can write into its "
		       "directory; remove it";
	/* As protected_regular has it. */
	if ((dir_st.st_mode & open_to_all) == open_to_all && !is_ours(st->st_uid) &&
	    st->st_uid != dir_st.st_uid)
		return "it belongs to somebody else, in a directory that everybody can write "
		       "into; remove it, or choose another place";
	return NULL;
}

static int fail_open(const char *path, int error, struct error *err)
{
	if (error == ELOOP)
		error_set(err,
			  "cannot open %s: it is a symbolic link, which is not followed; name the "
			  "file that it leads to, or remove it",
			  path);
	else if (error == EISDIR)
		error_set(err, "cannot open %s: it is a directory; name a file in it", path);
	else if (error == EEXIST)
		error_set(err, "cannot create %s: there is something of that name", path);
	else
		error_set(err, "cannot open %s: %s", path, strerror(error));
	return -error;
}

int safe_open_at(int dir, const char *path, enum safe_create create, mode_t mode,
		 struct stat *ret_st, struct error *err)
{
	const char *why;
	int fd = open_or_create(dir, strrchr(path, '/') + 1, create, mode);

	if (fd < 0)
		return fail_open(path, -fd, err);
	if (fstat(fd, ret_st) < 0) {
		int r = fail_open(path, errno, err);

		close(fd);
		return r;
	}
	why = objection(dir, ret_st);
	if (!why)
		return fd;
	error_set(err, "cannot open %s: %s", path, why);
	close(fd);
	return -EPERM;
}
