/* sink_rotate.c - when a file is rotated, and what if that fails.  See sink.h.
 *
 * The new file must be there before the old one is let go: whatever fails, the old one goes on. */
#include "base/error.h"
#include "base/fd.h"
#include "logger/period.h"
#include "logger/rotate.h"
#include "logger/sink_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_SECONDS 10

static int fail(const struct sink *sink, int error, struct error *err)
{
	error_set(err, "cannot rotate %s: %s", sink->path, strerror(error));
	return -error;
}

/* A file in the place of the one that has just been renamed. */
static int begin_new(struct sink *sink, const struct stat *old, struct error *err)
{
	struct stat st;
	int fd = safe_open_at(sink->dir, sink->path, SAFE_NEW, old->st_mode & 0777, &st, err);

	if (fd < 0) {
		rotate_undo(sink->dir, sink_file_name(sink));
		error_prefix(err, "cannot rotate %s", sink->path);
		return fd;
	}
	(void)fchmod(fd, old->st_mode & 0777); /* as far as the umask has taken something away */
	sink_file_use(sink, fd, &st);
	return 0;
}

int sink_rotate(struct sink *sink, struct error *err)
{
	struct stat st;
	int r;

	if (sink->kind != SINK_FILE)
		return 0;
	if (fstat(sink->fd, &st) < 0)
		return fail(sink, errno, err);
	if (!sink_file_in_place(sink)) /* somebody else has renamed or removed it */
		return sink_reopen(sink, err);
	if (st.st_size == 0)
		return 0;
	if (sink->backups == 0)
		return ftruncate(sink->fd, 0) < 0 ? fail(sink, errno, err) : 0;
	r = rotate_shift(sink->dir, sink_file_name(sink), sink->backups);
	if (r < 0)
		return fail(sink, -r, err);
	r = begin_new(sink, &st, err);
	if (r == 0)
		sinks_compress(sink->sinks);
	return r;
}

static void try_to_rotate(struct sink *sink)
{
	struct error err = { { 0 } };
	time_t now = time(NULL);

	/* A clock that was set back must not put it off for years. */
	if (now < sink->rotate_after && sink->rotate_after <= now + RETRY_SECONDS)
		return;
	if (sink_rotate(sink, &err) == 0) {
		if (sink->rotation_noted)
			sink_note(sink, LEVEL_INFO, "%s is rotated again", sink->path);
		sink->rotation_noted = false;
		return;
	}
	sink->rotate_after = now + RETRY_SECONDS;
	if (!sink->rotation_noted)
		sink_note(sink, LEVEL_ERROR, "%s; it goes on growing, and is tried again",
			  err.text);
	sink->rotation_noted = true;
}

void sink_rotate_by_size(struct sink *sink, off_t size)
{
	if (sink->maxbytes && (uint64_t)size >= sink->maxbytes)
		try_to_rotate(sink);
}

void sink_set_boundary(struct sink *sink, const struct stat *st)
{
	sink->boundary = period_next(st->st_size > 0 ? st->st_mtime : time(NULL), sink->period);
}

void sink_rotate_by_time(struct sink *sink, off_t size)
{
	time_t now = time(NULL), next;

	if (now < sink->boundary) {
		if (sink->boundary - now < 3600)
			return;
		next = period_next(now, sink->period); /* earlier, if the clock was set back */
		sink->boundary = next < sink->boundary ? next : sink->boundary;
		return;
	}
	if (size > 0)
		try_to_rotate(sink);
	sink->boundary = period_next(now, sink->period);
}
