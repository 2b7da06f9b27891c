/* peek.c - see peek.h. */
#include "logger/peek.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

int peek_init(struct peek *peek)
{
	peek->copy[0] = peek->copy[1] = peek->null = -1;
	peek->data = malloc(PEEK_MAX);
	if (!peek->data)
		return -ENOMEM;
	if (pipe2(peek->copy, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	peek->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return peek->null < 0 ? -errno : 0;
}

void peek_done(struct peek *peek)
{
	fd_close(&peek->copy[0]);
	fd_close(&peek->copy[1]);
	fd_close(&peek->null);
	free(peek->data);
	peek->data = NULL;
}

ssize_t peek_look(struct peek *peek, int pipe, size_t max)
{
	ssize_t n, got = 0;

	do
		n = tee(pipe, peek->copy[1], max < PEEK_MAX ? max : PEEK_MAX, SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	while (got < n) {
		ssize_t r = read(peek->copy[0], peek->data + got, (size_t)(n - got));

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return -EIO; /* cannot be: it is our own pipe */
		got += r;
	}
	return n;
}

void peek_take(struct peek *peek, int pipe, size_t n)
{
	while (n > 0) {
		ssize_t r = splice(pipe, NULL, peek->null, NULL, n, SPLICE_F_NONBLOCK);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return;
		n -= (size_t)r;
	}
}

size_t peek_size(int pipe)
{
	int n = 0;

	return ioctl(pipe, FIONREAD, &n) < 0 || n < 0 ? 0 : (size_t)n;
}
