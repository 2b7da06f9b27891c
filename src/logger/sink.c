/* sink.c - which sinks there are, and what becomes of one that takes nothing.  See sink.h. */
#include "logger/sink.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "ipc/log_messages.h"
#include "logger/period.h"
#include "logger/sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAUSE_FIRST 0.1 /* seconds before a failed write is tried again */
#define PAUSE_MAX 2.0
#define POLITE_MAX 4096 /* PIPE_BUF: what a pipe takes at once when poll(2) says it takes some */

void sink_note(struct sink *sink, enum log_level level, const char *format, ...)
{
	struct error text;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text.text, sizeof(text.text), format, ap);
	va_end(ap);
	sink->sinks->note(sink->sinks, (int)level, text.text);
}

/* ---- stalled ---- */

static void stop_waiting(struct sink *sink)
{
	ev_io_stop(sink->sinks->loop, &sink->writable);
	ev_timer_stop(sink->sinks->loop, &sink->retry);
}

static void resume(struct sink *sink)
{
	stop_waiting(sink);
	sink->trouble = 0;
	sink->sinks->resumed(sink->sinks, sink);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	resume(container_of(io, struct sink, writable));
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct sink *sink = container_of(timer, struct sink, retry);

	(void)loop;
	(void)events;
	if (sink->trouble == ESTALE)
		(void)sink_reopen(sink, NULL);
	resume(sink);
}

ssize_t sink_stall(struct sink *sink, int error)
{
	struct ev_loop *loop = sink->sinks->loop;

	stop_waiting(sink);
	sink->trouble = error;
	if (error == EAGAIN) {
		ev_io_set(&sink->writable, sink->fd, EV_WRITE);
		ev_io_start(loop, &sink->writable);
		return -EBUSY;
	}
	if (!sink->noted)
		sink_note(sink, LEVEL_ERROR,
			  "cannot write to %s: %s; what is to be written waits or is dropped, as "
			  "logfile_stall says, until it can be",
			  sink->path, strerror(error));
	sink->noted = true;
	sink->pause = sink->pause > 0 ? sink->pause * 2 : PAUSE_FIRST;
	if (sink->pause > PAUSE_MAX)
		sink->pause = PAUSE_MAX;
	ev_now_update(loop);
	ev_timer_set(&sink->retry, sink->pause, 0.);
	ev_timer_start(loop, &sink->retry);
	return -EBUSY;
}

void sink_works(struct sink *sink)
{
	if (sink->noted)
		sink_note(sink, LEVEL_INFO, "%s can be written to again", sink->path);
	sink->noted = false;
	sink->pause = 0;
}

/* ---- writing to what is not a file ---- */

static ssize_t write_some(struct sink *sink, const void *data, size_t len)
{
	struct pollfd polled = { .fd = sink->fd, .events = POLLOUT };

	if (sink->kind == SINK_SOCKET)
		return send(sink->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!sink->polite)
		return write(sink->fd, data, len);
	if (poll(&polled, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(sink->fd, data, len < POLITE_MAX ? len : POLITE_MAX);
}

static ssize_t write_now(struct sink *sink, const void *data, size_t len)
{
	ssize_t n;

	if (sink->gone)
		return (ssize_t)len;
	if (sink->trouble)
		return -EBUSY;
	if (sink->kind == SINK_FILE)
		return sink_file_write(sink, data, len);
	do
		n = write_some(sink, data, len);
	while (n < 0 && errno == EINTR);
	if (n >= 0) {
		sink_works(sink);
		return n;
	}
	if (errno == EAGAIN || errno == ENOSPC || errno == ENOBUFS || errno == EDQUOT)
		return sink_stall(sink, errno);
	/* Nobody will ever read it: waiting would stop the programs for good. */
	sink_note(sink, LEVEL_ERROR, "cannot write to %s: %s; what programs write there is lost",
		  sink->path, strerror(errno));
	sink->gone = true;
	return (ssize_t)len;
}

ssize_t sink_write(struct sink *sink, const void *data, size_t len)
{
	return sink->holder ? -EBUSY : write_now(sink, data, len);
}

ssize_t sink_write_whole(struct sink *sink, const void *data, size_t len, const void *who)
{
	ssize_t n;

	if (sink->holder && sink->holder != who)
		return -EBUSY;
	n = write_now(sink, data, len);
	if (n >= 0 && (size_t)n < len)
		sink->holder = who;
	else if (n >= 0)
		sink_release(sink, who);
	return n;
}

void sink_release(struct sink *sink, const void *who)
{
	if (!sink || sink->holder != who)
		return;
	sink->holder = NULL;
	sink->sinks->resumed(sink->sinks, sink);
}

/* ---- which there are ---- */

void sinks_init(struct sinks *sinks, struct ev_loop *loop)
{
	sinks->loop = loop;
	sinks->first = NULL;
	sinks_compress_init(sinks);
}

static void sink_free(struct sink *sink)
{
	stop_waiting(sink);
	fd_close(&sink->dir);
	fd_close(&sink->fd);
	free(sink->path);
	free(sink);
}

void sinks_done(struct sinks *sinks)
{
	sinks_stop_compressing(sinks);
	while (sinks->first) {
		struct sink *sink = sinks->first;

		sinks->first = sink->next;
		sink_free(sink);
	}
}

void sink_put(struct sink *sink)
{
	struct sink **at;

	if (!sink || --sink->users > 0)
		return;
	for (at = &sink->sinks->first; *at != sink; at = &(*at)->next)
		;
	*at = sink->next;
	sink_free(sink);
}

static bool same(const struct sink *a, const struct sink *b)
{
	if (a->own != b->own)
		return false;
	if (a->own)
		return strcmp(a->path, b->path) == 0;
	return a->dir_dev == b->dir_dev && a->dir_ino == b->dir_ino &&
	       strcmp(sink_file_name(a), sink_file_name(b)) == 0;
}

/* An fd of others', whose file description we must not make nonblocking: it may be a terminal's
 * that a shell goes on with.  One of our own is had from /proc, if we may open it. */
static int adopt(struct sink *sink, int fd, struct error *err)
{
	char path[64];
	struct stat st;
	int again;

	sink->fd = fd;
	if (fstat(fd, &st) < 0) {
		error_set(err, "cannot use %s: %s", sink->path, strerror(errno));
		return -EBADF;
	}
	sink->kind = S_ISSOCK(st.st_mode) ? SINK_SOCKET : SINK_WRITE;
	if (S_ISSOCK(st.st_mode) || S_ISREG(st.st_mode))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	sink->polite = again < 0;
	if (again >= 0) {
		fd_close(&sink->fd);
		sink->fd = again;
	}
	return 0;
}

/* How its file is rotated.  The first stream chooses, and may change its mind. */
static void choose(struct sink *sink, const struct log_stream *stream)
{
	if (sink->chooser != stream->id)
		return;
	sink->maxbytes = stream->maxbytes;
	sink->backups = stream->backups;
	sink->compress = stream->compress;
	if (sink->period == stream->period)
		return;
	sink->period = stream->period;
	sink->boundary = period_next(time(NULL), sink->period);
}

static struct sink *sink_new(struct sinks *sinks, const struct log_stream *stream)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return NULL;
	sink->sinks = sinks;
	sink->path = strdup(stream->path);
	sink->own = stream->own;
	sink->chooser = stream->id;
	choose(sink, stream);
	sink->dir = sink->fd = -1;
	ev_init(&sink->writable, on_writable);
	ev_init(&sink->retry, on_retry);
	if (sink->path)
		return sink;
	free(sink);
	return NULL;
}

int sinks_get(struct sinks *sinks, const struct log_stream *stream, int own, struct sink **ret,
	      struct error *err)
{
	struct sink *sink, *other;
	int r;

	*ret = NULL;
	if (!stream->path) {
		fd_close(&own);
		return 0;
	}
	sink = sink_new(sinks, stream);
	if (!sink) {
		fd_close(&own);
		error_set(err, "cannot open %s: out of memory", stream->path);
		return -ENOMEM;
	}
	r = sink->own ? adopt(sink, own, err) : sink_file_find(sink, err);
	for (other = sinks->first; r == 0 && other && !same(other, sink);)
		other = other->next;
	if (r == 0 && !other && !sink->own)
		r = sink_file_open(sink, stream->create ? SAFE_NEW : SAFE_CREATE, err);
	if (r < 0 || other) {
		sink_free(sink);
		sink = other;
		if (sink)
			choose(sink, stream);
	} else {
		sink->next = sinks->first;
		sinks->first = sink;
	}
	if (r < 0)
		return r;
	sink->users++;
	*ret = sink;
	sinks_compress(sinks); /* what an earlier run has left */
	return 0;
}
