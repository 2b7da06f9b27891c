/* event_listener.c - see event_listener.h. */
#include "supervisor/event_listener.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/util.h"
#include "config/config.h"
#include "supervisor/event_payload.h"
#include "supervisor/event_pool.h"
#include "supervisor/events.h"
#include "supervisor/output_echo.h"
#include "supervisor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 8192
#define LAST_READS 128 /* more than a pipe holds: others may go on writing into it */

static const char *name_of(const struct event_listener *listener)
{
	return listener->process->config->name;
}

static struct ev_loop *loop_of(const struct event_listener *listener)
{
	return listener->process->host->loop;
}

/* ---- what it says ---- */

static void warn_bad_line(const struct event_listener *listener)
{
	const struct listener_protocol *protocol = &listener->protocol;
	struct buf text = { 0 };
	bool plain = true;

	buf_add(&text, protocol->line, protocol->len);
	/* nobody's terminal is to be played with by what a program says */
	for (size_t i = 0; i < text.len; i++)
		plain = plain && !utf8_is_control(text.data[i]);
	if (!plain || !payload_is_utf8(buf_str(&text), text.len)) {
		buf_clear(&text);
		buf_addstr(&text, "Undecodable: ");
		payload_repr(&text, protocol->line, protocol->len);
	}
	log_warn("%s: bad result line: '%s'", name_of(listener), buf_str(&text));
	buf_done(&text);
}

/* What it had goes back to be the next. */
static void reject(struct event_listener *listener)
{
	struct pool_event entry = listener->entry;

	listener->entry.event = NULL;
	if (entry.event)
		event_pool_return(listener->pool, entry);
}

static void log_change(const struct event_listener *listener, enum listener_state before)
{
	log_debug("%s: %s -> %s", name_of(listener), listener_state_name(before),
		  listener_state_name(listener->protocol.state));
	if (listener->protocol.state == LISTENER_UNKNOWN)
		log_warn("%s: has entered the UNKNOWN state and will no longer receive events, "
			 "this usually indicates the process violated the eventlistener protocol",
			 name_of(listener));
}

static void act(struct event_listener *listener, enum listener_step step,
		enum listener_state before)
{
	switch (step) {
	case LISTENER_WAITS:
		return;
	case LISTENER_DONE:
		log_debug("%s: event was processed", name_of(listener));
		break;
	case LISTENER_REFUSED:
		log_warn("%s: event was rejected", name_of(listener));
		break;
	case LISTENER_BAD_LINE:
		warn_bad_line(listener);
		break;
	default:
		break;
	}
	log_change(listener, before);
	if (step == LISTENER_DONE) {
		event_unref(listener->entry.event);
		listener->entry.event = NULL;
	}
	reject(listener);
}

static void copy_to_log(struct event_listener *listener, const char *data, size_t len)
{
	ssize_t n = listener->log_fd < 0 ? (ssize_t)len : write(listener->log_fd, data, len);

	if (n < 0)
		n = 0;
	if ((size_t)n < len && listener->lost == 0)
		log_warn("%s: its stdout log does not take all that it writes; the rest is "
			 "counted and lost, as events go first",
			 name_of(listener));
	listener->lost += len - (size_t)n;
}

static void hear(struct event_listener *listener, const char *data, size_t len)
{
	copy_to_log(listener, data, len);
	output_echo(name_of(listener), false, data, len);
	while (len) {
		enum listener_state before = listener->protocol.state;
		size_t used;
		enum listener_step step =
			listener_protocol_feed(&listener->protocol, data, len, &used);

		act(listener, step, before);
		data += used;
		len -= used;
	}
}

static void close_stdout(struct event_listener *listener)
{
	int fd = listener->readable.fd;

	ev_io_stop(loop_of(listener), &listener->readable);
	fd_close(&fd);
	ev_io_set(&listener->readable, -1, EV_READ);
}

/* One read: 1, or 0 if there is nothing now or any more. */
static int read_some(struct event_listener *listener)
{
	char data[READ_SIZE];
	ssize_t n = read(listener->readable.fd, data, sizeof(data));

	if (n > 0)
		hear(listener, data, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_stdout(listener);
	return n > 0;
}

static void on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct event_listener *listener = container_of(watcher, struct event_listener, readable);

	(void)loop;
	(void)events;
	read_some(listener);
	event_pool_dispatch(listener->pool);
	listener->pool->events->settled(listener->pool->events);
}

/* ---- what it is told ---- */

bool event_listener_is_ready(const struct event_listener *listener)
{
	return listener->process && listener->protocol.state == LISTENER_READY &&
	       listener->process->state == PROCESS_RUNNING;
}

int event_listener_send(struct event_listener *listener, struct pool_event entry)
{
	const struct event *event = entry.event;
	struct buf envelope = { 0 };
	int r = -ENOMEM;

	buf_printf(&envelope,
		   "ver:3.0 server:%s serial:%" PRIu64 " pool:%s poolserial:%" PRIu64
		   " eventname:%s len:%zu\n",
		   listener->process->host->daemon->identifier, event->serial, listener->pool->name,
		   entry.serial, event_type_name(event->type), event->characters);
	buf_add(&envelope, event->payload, event->len);
	if (!envelope.failed)
		r = process_write_stdin(listener->process, envelope.data, envelope.len);
	buf_done(&envelope);
	if (r < 0)
		return r;
	listener_protocol_sent(&listener->protocol);
	listener->entry = entry;
	return 0;
}

/* ---- its life ---- */

void event_listener_init(struct event_listener *listener, struct event_pool *pool,
			 struct process *process)
{
	memset(listener, 0, sizeof(*listener));
	listener->pool = pool;
	listener->process = process;
	process->listener = listener;
	listener->log_fd = -1;
	listener_protocol_reset(&listener->protocol);
	ev_io_init(&listener->readable, on_readable, -1, EV_READ);
}

void event_listener_done(struct event_listener *listener)
{
	if (!listener || !listener->process)
		return;
	close_stdout(listener);
	fd_close(&listener->log_fd);
	event_unref(listener->entry.event);
	listener->entry.event = NULL;
	listener->process->listener = NULL;
	listener->process = NULL;
}

int event_listener_open(struct event_listener *listener, int log_fd, struct error *err)
{
	int ends[2], r;

	fd_close(&listener->log_fd);
	listener->log_fd = log_fd;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		r = -errno;
		error_set(err, "pipe: %s", strerror(errno));
		return r;
	}
	(void)fd_nonblock(ends[0], 1);
	close_stdout(listener);
	listener_protocol_reset(&listener->protocol);
	ev_io_set(&listener->readable, ends[0], EV_READ);
	ev_io_start(loop_of(listener), &listener->readable);
	return ends[1];
}

struct pool_event event_listener_close(struct event_listener *listener)
{
	struct pool_event entry;

	for (int i = 0; i < LAST_READS && listener->readable.fd >= 0; i++)
		if (read_some(listener) == 0)
			break;
	close_stdout(listener);
	fd_close(&listener->log_fd);
	if (listener->lost)
		log_warn("%s: %" PRIu64 " bytes of its stdout could not be logged",
			 name_of(listener), listener->lost);
	listener->lost = 0;
	entry = listener->entry;
	listener->entry.event = NULL;
	listener_protocol_reset(&listener->protocol);
	return entry;
}
