/* datagrams.c - see datagrams.h. */
#include "logger/datagrams.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RETRY_MS 1000

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct datagrams *d = container_of(io, struct datagrams, writable);

	(void)events;
	ev_io_stop(loop, io);
	d->resumed(d);
}

void datagrams_init(struct datagrams *d, struct ev_loop *loop)
{
	d->loop = loop;
	d->fd = -1;
	d->retry_ms = INT64_MIN;
	d->lost = 0;
	ev_init(&d->writable, on_writable);
}

static void disconnect(struct datagrams *d)
{
	ev_io_stop(d->loop, &d->writable);
	fd_close(&d->fd);
}

void datagrams_done(struct datagrams *d)
{
	disconnect(d);
}

static int connect_to(struct datagrams *d)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(d->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, d->path, strlen(d->path));
	d->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0)
		return -errno;
	if (connect(d->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		fd_close(&d->fd);
		return r;
	}
	ev_io_set(&d->writable, d->fd, EV_WRITE);
	return 0;
}

static void lose(struct datagrams *d, int error)
{
	struct error text;

	disconnect(d);
	d->retry_ms = clock_ms() + RETRY_MS;
	if (d->lost++ > 0)
		return;
	snprintf(text.text, sizeof(text.text),
		 "cannot send lines to %s: %s; they are lost until it can be", d->path,
		 strerror(error));
	d->note(d, LEVEL_ERROR, text.text);
}

void datagrams_lose(struct datagrams *d)
{
	d->lost++;
}

static void found_again(struct datagrams *d)
{
	struct error text;

	snprintf(text.text, sizeof(text.text), "%s takes lines again; %" PRIu64 " are lost",
		 d->path, d->lost);
	d->lost = 0;
	d->note(d, LEVEL_INFO, text.text);
}

int datagrams_send(struct datagrams *d, const void *data, size_t len)
{
	bool reconnected = false;
	int r;

	if (d->fd < 0 && clock_ms() < d->retry_ms) {
		d->lost++;
		return 0;
	}
	for (;;) {
		r = d->fd < 0 ? connect_to(d) : 0;
		if (r < 0)
			break;
		if (send(d->fd, data, len, MSG_NOSIGNAL) >= 0) {
			if (d->lost)
				found_again(d);
			return 0;
		}
		r = -errno;
		if (r == -EAGAIN || r == -ENOBUFS) {
			ev_io_start(d->loop, &d->writable);
			return -EAGAIN;
		}
		if (reconnected || r == -EMSGSIZE)
			break;
		reconnected = true; /* the daemon has been started anew */
		disconnect(d);
	}
	lose(d, -r);
	return 0;
}
