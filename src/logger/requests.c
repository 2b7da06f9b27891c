/* requests.c - see requests.h. */
#include "logger/requests.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "ipc/channel.h"
#include "ipc/log_messages.h"
#include "ipc/pack.h"
#include "logger/service.h"

#include <errno.h>
#include <string.h>

/* The next fd of the message; -1: none. */
static int take_fd(struct message *msg, size_t i)
{
	int fd = -1;

	if (i < msg->nfds) {
		fd = msg->fds[i];
		msg->fds[i] = -1;
	}
	return fd;
}

static bool read_u32(const struct message *msg, uint32_t *ret)
{
	struct unpack in;

	unpack_init(&in, msg->body, msg->len);
	*ret = unpack_u32(&in);
	return unpack_end(&in) == 0;
}

/* The stream that a request names; answers itself if there is none. */
static struct stream *find(struct service *service, const struct message *msg)
{
	struct stream *stream = NULL;
	uint32_t number;

	if (read_u32(msg, &number))
		stream = service_find(service, number);
	if (!stream)
		uplink_answer(&service->uplink, msg->id, ENOENT, "there is no such stream");
	return stream;
}

/* ---- streams come, change, and go ---- */

static void add(struct service *service, struct message *msg)
{
	struct error err = { { 0 } };
	struct log_stream config;
	struct stream *stream;
	int error = EPROTO;

	if (log_stream_unpack(&config, msg->body, msg->len) < 0 || msg->nfds < 1) {
		uplink_answer(&service->uplink, msg->id, EPROTO, "the request is malformed");
		return;
	}
	if (service_find(service, config.id)) {
		log_stream_done(&config);
		uplink_answer(&service->uplink, msg->id, EEXIST, "there is such a stream already");
		return;
	}
	stream =
		stream_new(&service->host, &config, take_fd(msg, 0), take_fd(msg, 1), &error, &err);
	if (stream) {
		stream->next = service->streams;
		service->streams = stream;
	}
	uplink_answer(&service->uplink, msg->id, stream ? 0 : error, stream ? "" : err.text);
}

static void change(struct service *service, struct message *msg)
{
	struct error err = { { 0 } };
	struct log_stream config;
	struct stream *stream;
	int r;

	if (log_stream_unpack(&config, msg->body, msg->len) < 0) {
		uplink_answer(&service->uplink, msg->id, EPROTO, "the request is malformed");
		return;
	}
	stream = service_find(service, config.id);
	if (!stream) {
		log_stream_done(&config);
		uplink_answer(&service->uplink, msg->id, ENOENT, "there is no such stream");
		return;
	}
	/* What was written before goes to where it was meant for, if that takes it now. */
	(void)stream_drain(stream, stream_mark(stream));
	r = stream_change(stream, &config, take_fd(msg, 0), &err);
	uplink_answer(&service->uplink, msg->id, -r, r < 0 ? err.text : "");
	turns_wake(&service->turns, &stream->turn);
}

static const char late_text[] = "not all that was written before could be stored: what it is "
				"written to takes nothing";

static void do_remove(struct service *service, struct stream *stream, uint32_t id, uint32_t arg,
		      bool late)
{
	char name[256];

	(void)arg;
	if (!stream) {
		uplink_answer(&service->uplink, id, ENOENT, "the stream has been removed");
		return;
	}
	if (late)
		uplink_note(&service->uplink, LEVEL_ERROR,
			    "%s: removed while %s takes nothing; %zu bytes are lost",
			    stream_name(stream, name, sizeof(name)),
			    stream->sink ? stream->sink->path : "its reader",
			    peek_size(stream->pipe));
	service_remove(service, stream);
	/* last: whoever is answered may unmount where the file was */
	uplink_answer(&service->uplink, id, late ? ETIMEDOUT : 0, late ? late_text : "");
}

/* ---- files ---- */

static void answer_opened(struct service *service, uint32_t id, int fd, const struct error *err)
{
	uplink_opened(&service->uplink, id, fd < 0 ? -fd : 0, fd < 0 ? err->text : "", fd);
	fd_close(&fd);
}

static void do_open(struct service *service, struct stream *stream, uint32_t id, uint32_t arg,
		    bool late)
{
	struct error err = { { 0 } };

	(void)arg;
	(void)late;
	if (!stream || !stream->sink) {
		uplink_opened(&service->uplink, id, ENOENT, "there is no log file", -1);
		return;
	}
	answer_opened(service, id, sink_open_to_read(stream->sink, &err), &err);
}

static void do_clear(struct service *service, struct stream *stream, uint32_t id, uint32_t arg,
		     bool late)
{
	struct error err = { { 0 } };
	int r = 0;

	(void)arg;
	(void)late;
	if (stream && stream->sink)
		r = sink_clear(stream->sink, &err);
	uplink_answer(&service->uplink, id, -r, r < 0 ? err.text : "");
}

static void do_sync(struct service *service, struct stream *stream, uint32_t id, uint32_t arg,
		    bool late)
{
	(void)arg;
	late = late || !stream;
	uplink_answer(&service->uplink, id, late ? ETIMEDOUT : 0, late ? late_text : "");
}

static void when_written(struct service *service, struct message *msg, job_act *act)
{
	struct stream *stream = find(service, msg);

	if (!stream)
		return;
	stream->flush = stream->flush || act == do_remove;
	jobs_add(&service->jobs, stream, act, msg->id, 0);
}

static void remove_stream(struct service *service, struct message *msg)
{
	when_written(service, msg, do_remove);
}

static void open_file(struct service *service, struct message *msg)
{
	struct error err = { { 0 } };
	struct stream *stream;
	struct unpack in;
	uint32_t number;
	CLEANUP_FREE char *path = NULL;

	unpack_init(&in, msg->body, msg->len);
	number = unpack_u32(&in);
	path = unpack_str(&in);
	stream = unpack_end(&in) == 0 ? service_find(service, number) : NULL;
	if (stream)
		jobs_add(&service->jobs, stream, do_open, msg->id, 0);
	else if (path)
		answer_opened(service, msg->id, sink_open_left(path, &err), &err);
	else
		uplink_opened(&service->uplink, msg->id, ENOENT, "there is no such stream", -1);
}

static void clear(struct service *service, struct message *msg)
{
	when_written(service, msg, do_clear);
}

static void sync_stream(struct service *service, struct message *msg)
{
	when_written(service, msg, do_sync);
}

/* Does it with the sink of one stream, or with all; the first failure is the answer. */
static void with_sinks(struct service *service, struct message *msg,
		       int (*act)(struct sink *, struct error *))
{
	struct error err = { { 0 } }, ignored;
	struct stream *stream;
	uint32_t number;
	int first = 0;

	if (!read_u32(msg, &number) || number != LOG_ALL) {
		stream = find(service, msg);
		if (!stream)
			return;
		if (stream->sink)
			first = act(stream->sink, &err);
	} else {
		for (struct sink *sink = service->sinks.first; sink; sink = sink->next) {
			int r = act(sink, first ? &ignored : &err);

			first = first ? first : r;
		}
	}
	uplink_answer(&service->uplink, msg->id, -first, first ? err.text : "");
}

static void rotate(struct service *service, struct message *msg)
{
	with_sinks(service, msg, sink_rotate);
}

static void reopen(struct service *service, struct message *msg)
{
	with_sinks(service, msg, sink_reopen);
}

/* ---- and the rest ---- */

static void do_pid(struct service *service, struct stream *stream, uint32_t id, uint32_t arg,
		   bool late)
{
	(void)service;
	(void)id;
	(void)late;
	if (stream)
		stream_set_pid(stream, arg);
}

static void set_pid(struct service *service, struct message *msg)
{
	struct stream *stream;
	struct unpack in;
	uint32_t number, pid;

	unpack_init(&in, msg->body, msg->len);
	number = unpack_u32(&in);
	pid = unpack_u32(&in);
	stream = unpack_end(&in) == 0 ? service_find(service, number) : NULL;
	if (!stream)
		return;
	if (stream->config.pid)
		stream->flush = true; /* its last line is at its end */
	jobs_add(&service->jobs, stream, do_pid, 0, pid);
}

/* The body of LOG_COUNTED is made in two parts, as the number stands in front. */
static void count(struct service *service, struct message *msg)
{
	struct buf body = { 0 }, rows = { 0 };
	uint32_t n = 0;

	(void)msg;
	for (struct stream *at = service->streams; at; at = at->next) {
		if (at->taken == at->counted && at->lost == at->counted_lost)
			continue;
		pack_u32(&rows, at->config.id);
		pack_u64(&rows, at->taken - at->counted);
		pack_u64(&rows, at->lost - at->counted_lost);
		at->counted = at->taken;
		at->counted_lost = at->lost;
		n++;
	}
	pack_u32(&body, n);
	buf_add(&body, buf_str(&rows), rows.len);
	body.failed = body.failed || rows.failed;
	buf_done(&rows);
	uplink_counted(&service->uplink, &body);
}

static void do_end(struct service *service, struct stream *stream, uint32_t id, uint32_t arg,
		   bool late)
{
	(void)stream;
	(void)id;
	(void)arg;
	(void)late;
	if (--service->ending == 0)
		ev_break(service->loop, EVBREAK_ALL);
}

/* One more than there are streams, so that the last one has been asked before the loop ends. */
static void end(struct service *service, struct message *msg)
{
	(void)msg;
	if (service->ending)
		return;
	service->ending = 1;
	for (struct stream *stream = service->streams; stream; stream = stream->next) {
		service->ending++;
		stream->flush = true;
		jobs_add(&service->jobs, stream, do_end, 0, 0);
	}
	do_end(service, NULL, 0, 0, false);
}

static const struct {
	uint32_t type;
	void (*take)(struct service *, struct message *);
} requests[] = {
	{ MESSAGE_LOG_ADD, add },
	{ MESSAGE_LOG_CHANGE, change },
	{ MESSAGE_LOG_REMOVE, remove_stream },
	{ MESSAGE_LOG_OPEN, open_file },
	{ MESSAGE_LOG_CLEAR, clear },
	{ MESSAGE_LOG_ROTATE, rotate },
	{ MESSAGE_LOG_REOPEN, reopen },
	{ MESSAGE_LOG_SYNC, sync_stream },
	{ MESSAGE_LOG_PID, set_pid },
	{ MESSAGE_LOG_COUNT, count },
	{ MESSAGE_LOG_END, end },
};

void requests_take(struct service *service, struct message *msg)
{
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		if (requests[i].type == msg->type)
			requests[i].take(service, msg);
}
