/* stream.c - see stream.h; what moves the bytes is in stream_step.c. */
#include "logger/stream.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/util.h"
#include "logger/batch.h"
#include "logger/peek.h"
#include "logger/sink.h"
#include "logger/stream_step.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUANTUM ((uint64_t)4 << 20) /* bytes of one turn */

static void on_hold(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct stream *stream = container_of(timer, struct stream, hold);

	(void)loop;
	(void)events;
	/* If it has come on meanwhile, half of another line may be there, or nothing. */
	stream->force = stream->taken == stream->held_at;
	turns_wake(stream->host->turns, &stream->turn);
}

static int prepare(struct stream *stream, int own, struct error *err)
{
	int r = sinks_get(stream->host->sinks, &stream->config, own, &stream->sink, err);

	if (r < 0)
		return r;
	r = fd_nonblock(stream->pipe, 1);
	if (r == 0)
		r = turns_add(stream->host->turns, &stream->turn, stream->pipe);
	if (r < 0)
		error_set(err, "cannot watch the pipe: %s", strerror(-r));
	return r;
}

struct stream *stream_new(const struct stream_host *host, struct log_stream *config, int pipe,
			  int own, int *ret_error, struct error *err)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int r;

	if (!stream) {
		log_stream_done(config);
		fd_close(&pipe);
		fd_close(&own);
		error_set(err, "out of memory");
		*ret_error = ENOMEM;
		return NULL;
	}
	stream->host = host;
	stream->config = *config;
	memset(config, 0, sizeof(*config));
	stream->pipe = pipe;
	ev_init(&stream->hold, on_hold);
	r = prepare(stream, own, err);
	if (r == 0)
		return stream;
	*ret_error = -r;
	stream_free(stream);
	return NULL;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	ev_timer_stop(stream->host->loop, &stream->hold);
	turns_remove(stream->host->turns, &stream->turn, stream->pipe);
	fd_close(&stream->pipe);
	sink_release(stream->sink, &stream->config);
	sink_put(stream->sink);
	batch_free(stream->batch);
	filter_done(&stream->filter);
	log_stream_done(&stream->config);
	free(stream);
}

int stream_change(struct stream *stream, struct log_stream *config, int own, struct error *err)
{
	struct sink *sink;
	int r = sinks_get(stream->host->sinks, config, own, &sink, err);

	if (r < 0) {
		log_stream_done(config);
		return r;
	}
	sink_release(stream->sink, &stream->config);
	sink_put(stream->sink);
	stream->sink = sink;
	log_stream_done(&stream->config);
	stream->config = *config;
	memset(config, 0, sizeof(*config));
	return 0;
}

void stream_set_pid(struct stream *stream, uint32_t pid)
{
	if (stream->config.pid && pid != stream->config.pid)
		filter_reset(&stream->filter);
	stream->config.pid = pid;
}

const char *stream_name(const struct stream *stream, char *buf, size_t size)
{
	const struct log_stream *config = &stream->config;

	if (!config->process)
		snprintf(buf, size, "the main log");
	else
		snprintf(buf, size, "%s:%s %s", config->group ? config->group : "", config->process,
			 config->channel ? config->channel : "");
	return buf;
}

enum stream_step stream_turn(struct stream *stream)
{
	uint64_t from = stream->taken, until = from + QUANTUM;
	enum stream_step step;

	do
		step = stream_step(stream);
	while (step == STREAM_MORE && stream->taken < until);
	turns_found(stream->host->turns, (size_t)(stream->taken - from));
	if (step == STREAM_MORE)
		turns_wake(stream->host->turns, &stream->turn);
	return step;
}

uint64_t stream_mark(const struct stream *stream)
{
	return stream->taken + (stream->pipe >= 0 ? peek_size(stream->pipe) : 0);
}

bool stream_is_written(const struct stream *stream, uint64_t mark)
{
	return stream->taken >= mark && !stream->flush && !stream->batch;
}

enum stream_step stream_drain(struct stream *stream, uint64_t mark)
{
	enum stream_step step = STREAM_MORE;

	while (step == STREAM_MORE && !stream_is_written(stream, mark))
		step = stream_step(stream);
	return step;
}
