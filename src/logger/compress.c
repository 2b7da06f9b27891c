/* compress.c - see compress.h. */
#include "logger/compress.h"

#include "base/fd.h"
#include "base/util.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK ((size_t)64 << 10)
#define NICE 10 /* of the thread: logs come first */

/* gz* reports its own errors, and errno for those of the system. */
static int gz_errno(gzFile file)
{
	int error = 0;

	(void)gzerror(file, &error);
	return error == Z_MEM_ERROR ? -ENOMEM : errno ? -errno : -EIO;
}

static int pack(struct compressor *c, gzFile out, char *chunk)
{
	for (;;) {
		ssize_t n = read(c->from, chunk, CHUNK);

		if (atomic_load(&c->cancelled))
			return -ECANCELED;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		errno = 0;
		if (gzwrite(out, chunk, (unsigned)n) != n)
			return gz_errno(out);
	}
}

static int compress_all(struct compressor *c)
{
	int copy = dup(c->to), r; /* gzclose() closes it: CLOEXEC is of no use, we exec nothing */
	gzFile out = copy < 0 ? NULL : gzdopen(copy, "wb");
	char *chunk = malloc(CHUNK);

	if (!out || !chunk) {
		r = -ENOMEM;
		if (!out)
			fd_close(&copy);
	} else {
		r = pack(c, out, chunk);
	}
	errno = 0;
	if (out && gzclose(out) != Z_OK && r == 0)
		r = errno ? -errno : -EIO;
	free(chunk);
	return r;
}

static int keep_attributes(int from, int to)
{
	struct stat st;
	struct timespec times[2];

	if (fstat(from, &st) < 0)
		return -errno;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (fchown(to, st.st_uid, st.st_gid) < 0 && errno != EPERM)
		return -errno;
	return fchmod(to, st.st_mode & 0777) < 0 || futimens(to, times) < 0 ? -errno : 0;
}

static void *run(void *arg)
{
	struct compressor *c = arg;
	int r;

	(void)setpriority(PRIO_PROCESS, 0, NICE); /* 0: this thread (setpriority(2), NOTES) */
	r = compress_all(c);
	if (r == 0)
		r = keep_attributes(c->from, c->to);
	/* What takes its place is removed next: it must be there after a power cut. */
	if (r == 0 && fsync(c->to) < 0)
		r = -errno;
	c->result = r;
	ev_async_send(c->loop, &c->finished);
	return NULL;
}

static void join(struct compressor *c)
{
	(void)pthread_join(c->thread, NULL);
	fd_close(&c->from);
	fd_close(&c->to);
	c->busy = false;
}

static void on_finished(struct ev_loop *loop, ev_async *async, int events)
{
	struct compressor *c = container_of(async, struct compressor, finished);

	(void)loop;
	(void)events;
	ev_async_stop(c->loop, &c->finished);
	join(c);
	c->done(c, c->result);
}

void compressor_init(struct compressor *c, struct ev_loop *loop,
		     void (*done)(struct compressor *, int result))
{
	c->loop = loop;
	c->done = done;
	c->busy = false;
	c->from = c->to = -1;
	ev_async_init(&c->finished, on_finished);
}

void compressor_done(struct compressor *c)
{
	if (!c->busy)
		return;
	ev_async_stop(c->loop, &c->finished);
	atomic_store(&c->cancelled, true);
	join(c);
}

int compressor_start(struct compressor *c, int from, int to)
{
	sigset_t all, old;
	int r;

	c->from = from;
	c->to = to;
	atomic_store(&c->cancelled, false);
	ev_async_start(c->loop, &c->finished);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	c->busy = r == 0;
	if (r == 0)
		return 0;
	ev_async_stop(c->loop, &c->finished);
	fd_close(&c->from);
	fd_close(&c->to);
	return -r;
}
