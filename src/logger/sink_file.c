/* sink_file.c - a sink that has a path: opening, writing at its end.  See sink.h.
 *
 * splice(2) refuses files with O_APPEND, so the end is asked for before every write.  That also
 * finds a file that somebody has truncated (logrotate's copytruncate) or removed. */
#include "logger/sink_file.h"

#include "base/error.h"
#include "base/fd.h"
#include "logger/peek.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_NEW 0600 /* of a file whose name is ours, as mkstemp(3) makes it */
#define MODE 0644

#define REOPEN_SECONDS 5 /* between tries to make a removed file again */

const char *sink_file_name(const struct sink *sink)
{
	return strrchr(sink->path, '/') + 1;
}

int sink_file_find(struct sink *sink, struct error *err)
{
	const char *name;
	struct stat st;
	int dir = safe_open_dir(sink->path, &name, err);

	if (dir < 0)
		return dir;
	if (fstat(dir, &st) < 0) {
		int r = -errno;

		error_set(err, "cannot open %s: %s", sink->path, strerror(errno));
		close(dir);
		return r;
	}
	fd_close(&sink->dir);
	sink->dir = dir;
	sink->dir_dev = st.st_dev;
	sink->dir_ino = st.st_ino;
	return 0;
}

void sink_file_use(struct sink *sink, int fd, const struct stat *st)
{
	fd_close(&sink->fd);
	sink->fd = fd;
	sink->kind = S_ISREG(st->st_mode) ? SINK_FILE : SINK_WRITE;
	sink->no_splice = false;
	sink->unpacked = true;
	sink_set_boundary(sink, st);
}

int sink_file_open(struct sink *sink, enum safe_create create, struct error *err)
{
	struct stat st;
	int fd = safe_open_at(sink->dir, sink->path, create, create == SAFE_NEW ? MODE_NEW : MODE,
			      &st, err);

	if (fd < 0)
		return fd;
	sink_file_use(sink, fd, &st);
	return 0;
}

int sink_reopen(struct sink *sink, struct error *err)
{
	int r;

	if (sink->own)
		return 0;
	r = sink_file_find(sink, err);
	if (r == 0)
		r = sink_file_open(sink, SAFE_CREATE, err);
	if (r == 0)
		sink->gone = false;
	return r;
}

/* A file that was removed is made again.  If that fails, the removed one goes on. */
static void restore(struct sink *sink)
{
	time_t now = time(NULL);

	if (now < sink->reopen_after && sink->reopen_after <= now + REOPEN_SECONDS)
		return;
	if (sink_reopen(sink, NULL) < 0)
		sink->reopen_after = now + REOPEN_SECONDS;
}

/* The end of the file, or -errno.  `arriving`: something is there to be written. */
static off_t find_end(struct sink *sink, bool arriving)
{
	struct stat st;

	if (fstat(sink->fd, &st) < 0)
		return -errno;
	if (st.st_nlink == 0) {
		restore(sink);
		if (fstat(sink->fd, &st) < 0)
			return -errno;
	}
	if (!sink->boundary || !arriving)
		return st.st_size;
	sink_rotate_by_time(sink, st.st_size);
	return fstat(sink->fd, &st) < 0 ? -errno : st.st_size;
}

static bool is_troubling(int error)
{
	return error != EINTR && error != EAGAIN && error != EINVAL;
}

ssize_t sink_file_write(struct sink *sink, const void *data, size_t len)
{
	off_t end = find_end(sink, true);
	ssize_t n;

	if (end < 0)
		return sink_stall(sink, (int)-end);
	do
		n = pwrite(sink->fd, data, len, end);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return sink_stall(sink, n < 0 ? errno : ENOSPC);
	sink_works(sink);
	sink_rotate_by_size(sink, end + n);
	return n;
}

ssize_t sink_splice(struct sink *sink, int pipe, size_t max)
{
	off_t end;
	ssize_t n;

	if (sink->kind != SINK_FILE || sink->no_splice)
		return -EINVAL;
	if (sink->trouble)
		return -EBUSY;
	end = find_end(sink, sink->boundary && peek_size(pipe) > 0);
	if (end < 0)
		return sink_stall(sink, (int)-end);
	do
		n = splice(pipe, NULL, sink->fd, &end, max, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EINVAL)
		sink->no_splice = true;
	if (n < 0)
		return is_troubling(errno) ? sink_stall(sink, errno) : -errno;
	if (n == 0)
		return 0;
	sink_works(sink);
	sink_rotate_by_size(sink, end); /* splice(2) has moved it on */
	return n;
}

bool sink_file_in_place(const struct sink *sink)
{
	struct stat by_name, by_fd;

	return fstatat(sink->dir, sink_file_name(sink), &by_name, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(sink->fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
	       by_name.st_ino == by_fd.st_ino;
}

int sink_clear(struct sink *sink, struct error *err)
{
	if (sink->kind != SINK_FILE)
		return 0;
	if (!sink_file_in_place(sink)) {
		int r = sink_reopen(sink, err);

		if (r < 0)
			return r;
	}
	if (ftruncate(sink->fd, 0) < 0) {
		int r = -errno;

		error_set(err, "cannot empty %s: %s", sink->path, strerror(-r));
		return r;
	}
	return 0;
}

/* The file's name in its directory, for reading; `path` is for messages. */
static int open_to_read(int dir, const char *name, const char *path, struct error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		int r = -errno;

		error_set(err, "cannot open %s: %s", path, strerror(errno));
		return r;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	error_set(err, "%s is not a file that could be read back", path);
	return -ESPIPE;
}

int sink_open_to_read(struct sink *sink, struct error *err)
{
	if (sink->kind == SINK_FILE)
		return open_to_read(sink->dir, sink_file_name(sink), sink->path, err);
	error_set(err, "%s is not a file that could be read back", sink->path);
	return -ESPIPE;
}

int sink_open_left(const char *path, struct error *err)
{
	const char *name;
	int dir = safe_open_dir(path, &name, err);
	int fd = dir < 0 ? dir : open_to_read(dir, name, path, err);

	fd_close(&dir);
	return fd;
}
