/* pidfile.c - see pidfile.h. */
#include "supervisor/pidfile.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether somebody alive holds the lock of the file that is there. */
static int check_holder(const char *path, struct error *err)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char pid[32] = "";
	ssize_t n;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 0;
	n = read(fd, pid, sizeof(pid) - 1);
	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	error_set(err, "forkserver is running already (pid %s holds %s)", *pid ? pid : "unknown",
		  path);
	return -EBUSY;
}

static int fill_and_rename(int fd, const char *beside, const char *path)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	if (fchmod(fd, 0644) < 0)
		return -errno;
	n = fd_write_all(fd, text, (size_t)n);
	if (n < 0)
		return n;
	return rename(beside, path) < 0 ? -errno : 0;
}

int pidfile_write(struct pidfile *pidfile, const char *path, struct error *err)
{
	CLEANUP_FREE char *beside = NULL;
	CLEANUP_FD int fd = -1;
	int r = check_holder(path, err);

	if (r < 0)
		return r;
	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(beside, O_CLOEXEC);
	r = fd < 0 ? -errno : fill_and_rename(fd, beside, path);
	if (r < 0) {
		if (fd >= 0)
			unlink(beside);
		error_set(err, "could not write pidfile %s: %s", path, strerror(-r));
		return r;
	}
	pidfile->path = strdup(path);
	pidfile->fd = fd;
	fd = -1;
	return 0;
}

void pidfile_remove(struct pidfile *pidfile)
{
	struct stat ours, there;

	if (pidfile->fd >= 0 && pidfile->path && fstat(pidfile->fd, &ours) == 0 &&
	    lstat(pidfile->path, &there) == 0 && ours.st_ino == there.st_ino &&
	    ours.st_dev == there.st_dev)
		unlink(pidfile->path);
	fd_close(&pidfile->fd);
	free(pidfile->path);
	pidfile->path = NULL;
}
