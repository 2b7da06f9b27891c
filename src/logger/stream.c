/* stream.c - see stream.h. */
#include "logger/stream.h"

#include "base/error.h"
#include "base/fd.h"
#include "logger/peek.h"
#include "logger/sink.h"
#include "logger/uplink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPLICE_MAX ((size_t)1 << 20) /* bytes of one splice(2): as much as a pipe may hold */
#define QUANTUM ((uint64_t)4 << 20)  /* bytes of one turn */

/* ---- life ---- */

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
	turns_remove(stream->host->turns, &stream->turn, stream->pipe);
	fd_close(&stream->pipe);
	sink_put(stream->sink);
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
	sink_put(stream->sink);
	stream->sink = sink;
	log_stream_done(&stream->config);
	stream->config = *config;
	memset(config, 0, sizeof(*config));
	return 0;
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

/* ---- moving bytes ---- */

static enum stream_step end(struct stream *stream)
{
	turns_remove(stream->host->turns, &stream->turn, stream->pipe);
	fd_close(&stream->pipe);
	return STREAM_ENDED;
}

static enum stream_step took(struct stream *stream, size_t n)
{
	stream->taken += n;
	return STREAM_MORE;
}

/* The sink takes nothing. */
static enum stream_step stalled(struct stream *stream)
{
	ssize_t n;

	if (stream->config.stall == LOG_BLOCK)
		return STREAM_STALLED;
	n = peek_look(stream->host->peek, stream->pipe, PEEK_MAX);
	if (n <= 0)
		return n == 0 ? end(stream) : STREAM_IDLE;
	peek_take(stream->host->peek, stream->pipe, (size_t)n);
	stream->dropped += (uint64_t)n;
	return took(stream, (size_t)n);
}

/* Through our memory. */
static enum stream_step copy(struct stream *stream)
{
	struct peek *peek = stream->host->peek;
	ssize_t n = peek_look(peek, stream->pipe, PEEK_MAX);

	if (n <= 0)
		return n == 0 ? end(stream) : STREAM_IDLE;
	if (stream->sink)
		n = sink_write(stream->sink, peek->data, (size_t)n);
	if (n < 0)
		return stalled(stream);
	peek_take(peek, stream->pipe, (size_t)n);
	return took(stream, (size_t)n);
}

enum stream_step stream_step(struct stream *stream)
{
	ssize_t n;

	if (stream->pipe < 0)
		return STREAM_ENDED;
	if (!stream->sink || stream->config.format != LOG_RAW)
		return copy(stream);
	n = sink_splice(stream->sink, stream->pipe, SPLICE_MAX);
	if (n > 0)
		return took(stream, (size_t)n);
	if (n == 0)
		return end(stream);
	if (n == -EINVAL)
		return copy(stream);
	return n == -EBUSY ? stalled(stream) : STREAM_IDLE;
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

enum stream_step stream_drain(struct stream *stream, uint64_t mark)
{
	enum stream_step step = STREAM_MORE;

	while (step == STREAM_MORE && stream->taken < mark)
		step = stream_step(stream);
	return step;
}
