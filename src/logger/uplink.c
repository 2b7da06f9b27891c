/* uplink.c - see uplink.h. */
#include "logger/uplink.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "ipc/log_messages.h"
#include "ipc/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX 256 /* queued messages from which on notes are dropped */
#define REQUESTS_A_TURN 64

struct outgoing {
	struct outgoing *next;
	uint32_t type, id;
	struct buf body;
	int fd; /* owned */
};

static void outgoing_free(struct outgoing *out)
{
	if (!out)
		return;
	buf_done(&out->body);
	fd_close(&out->fd);
	free(out);
}

static void drop_queue(struct uplink *uplink)
{
	struct outgoing *out;

	while ((out = uplink->first)) {
		uplink->first = out->next;
		outgoing_free(out);
	}
	uplink->last = &uplink->first;
	uplink->queued = 0;
}

static void close_uplink(struct uplink *uplink)
{
	ev_io_stop(uplink->loop, &uplink->readable);
	ev_io_stop(uplink->loop, &uplink->writable);
	fd_close(&uplink->fd);
	drop_queue(uplink);
}

static void end(struct uplink *uplink)
{
	close_uplink(uplink);
	uplink->ended(uplink);
}

/* 0, -EAGAIN, or another -errno: there is nobody. */
static int send_one(struct uplink *uplink, const struct outgoing *out)
{
	return channel_send(uplink->fd, out->type, out->id, buf_str(&out->body), out->body.len,
			    &out->fd, out->fd >= 0 ? 1 : 0);
}

/* What goes wrong with one message alone (its memfd, its fd) costs that message. */
static int send_queue(struct uplink *uplink)
{
	struct outgoing *out;

	while ((out = uplink->first)) {
		int r = send_one(uplink, out);

		if (r == -EAGAIN || r == -ENOBUFS || r == -EPIPE || r == -ECONNRESET)
			return r;
		uplink->first = out->next;
		if (!uplink->first)
			uplink->last = &uplink->first;
		uplink->queued--;
		outgoing_free(out);
	}
	return 0;
}

static void await_room(struct uplink *uplink)
{
	ev_io_stop(uplink->loop, &uplink->readable);
	ev_io_start(uplink->loop, &uplink->writable);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct uplink *uplink = container_of(io, struct uplink, writable);
	int r = send_queue(uplink);

	(void)loop;
	(void)events;
	if (r == -EPIPE || r == -ECONNRESET)
		drop_queue(uplink); /* nobody listens; what was said is still read, to its end */
	else if (r < 0)
		return;
	ev_io_stop(uplink->loop, &uplink->writable);
	ev_io_start(uplink->loop, &uplink->readable);
	uplink->drained(uplink);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct uplink *uplink = container_of(io, struct uplink, readable);

	(void)loop;
	(void)events;
	for (int i = 0; i < REQUESTS_A_TURN && uplink->fd >= 0 && !uplink->first; i++) {
		struct message msg;
		int r = channel_recv(uplink->fd, &msg);

		if (r == -EAGAIN)
			return;
		if (r == -ENOMEM || r == -EMFILE || r == -ENFILE) /* that message is lost */
			continue;
		if (r <= 0) {
			end(uplink);
			return;
		}
		uplink->received(uplink, &msg);
		message_done(&msg);
	}
}

int uplink_init(struct uplink *uplink, struct ev_loop *loop, int fd)
{
	int r;

	uplink->loop = loop;
	uplink->fd = fd;
	uplink->last = &uplink->first;
	ev_io_init(&uplink->readable, on_readable, fd, EV_READ);
	ev_io_init(&uplink->writable, on_writable, fd, EV_WRITE);
	r = fd_nonblock(fd, 1);
	if (r < 0)
		return r;
	ev_io_start(loop, &uplink->readable);
	return 0;
}

void uplink_done(struct uplink *uplink)
{
	close_uplink(uplink);
}

void uplink_flush(struct uplink *uplink, int timeout_ms)
{
	struct pollfd polled = { .fd = uplink->fd, .events = POLLOUT };

	while (uplink->fd >= 0 && send_queue(uplink) == -EAGAIN)
		if (poll(&polled, 1, timeout_ms) <= 0)
			return;
}

/* ---- what goes out ---- */

/* Takes body over. */
static void put(struct uplink *uplink, uint32_t type, uint32_t id, struct buf *body, int fd)
{
	struct outgoing *out;

	if (uplink->fd < 0 || body->failed) {
		buf_done(body);
		return;
	}
	out = calloc(1, sizeof(*out));
	if (!out) {
		buf_done(body);
		return;
	}
	out->type = type;
	out->id = id;
	out->body = *body;
	out->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	*uplink->last = out;
	uplink->last = &out->next;
	uplink->queued++;
	if (send_queue(uplink) < 0)
		await_room(uplink);
}

void uplink_answer(struct uplink *uplink, uint32_t id, int error, const char *why)
{
	struct buf body = { 0 };

	pack_u32(&body, (uint32_t)error);
	pack_str(&body, why);
	put(uplink, MESSAGE_LOG_DONE, id, &body, -1);
}

void uplink_opened(struct uplink *uplink, uint32_t id, int error, const char *why, int fd)
{
	struct buf body = { 0 };

	pack_u32(&body, (uint32_t)error);
	pack_str(&body, why);
	put(uplink, MESSAGE_LOG_OPENED, id, &body, fd);
}

void uplink_counted(struct uplink *uplink, struct buf *body)
{
	put(uplink, MESSAGE_LOG_COUNTED, 0, body, -1);
}

void uplink_note(struct uplink *uplink, enum log_level level, const char *format, ...)
{
	struct buf body = { 0 }, text = { 0 };
	va_list ap;

	if (uplink->queued >= NOTES_MAX)
		return;
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	pack_u32(&body, level);
	pack_str(&body, buf_str(&text));
	buf_done(&text);
	put(uplink, MESSAGE_LOG_NOTE, 0, &body, -1);
}

int uplink_data(struct uplink *uplink, const struct log_data *data)
{
	struct buf body = { 0 };
	int r;

	if (uplink->fd < 0)
		return 0;
	if (uplink->first)
		return -EAGAIN;
	log_data_pack(&body, data);
	r = body.failed ? -ENOMEM
			: channel_send(uplink->fd, MESSAGE_LOG_DATA, 0, buf_str(&body), body.len,
				       NULL, 0);
	buf_done(&body);
	if (r == -EPIPE || r == -ECONNRESET)
		return 0;
	if (r < 0)
		await_room(uplink);
	return r < 0 ? -EAGAIN : 0;
}
