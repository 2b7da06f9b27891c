/* stream_step.c - from the pipe to where it belongs.  See stream_step.h.
 *
 * Output that is not looked at is spliced into its file, or written from a copy; everything else
 * becomes a batch first.  Either way it comes out of the pipe afterwards. */
#include "logger/stream_step.h"

#include "base/fd.h"
#include "logger/batch.h"
#include "logger/datagrams.h"
#include "logger/peek.h"
#include "logger/sink.h"
#include "logger/uplink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SPLICE_MAX ((size_t)1 << 20) /* bytes of one splice(2): as much as a pipe may hold */
#define HOLD_SECONDS 1.0             /* half a line stays in the pipe for so long */

static struct batch_targets targets(const struct stream *stream)
{
	const struct stream_host *host = stream->host;

	return (struct batch_targets){ stream->sink, host->syslog, host->journal, host->uplink,
				       &stream->config };
}

static enum stream_step end(struct stream *stream)
{
	turns_remove(stream->host->turns, &stream->turn, stream->pipe);
	fd_close(&stream->pipe);
	stream->flush = false;
	return STREAM_ENDED;
}

static enum stream_step took(struct stream *stream, size_t n)
{
	stream->taken += n;
	return STREAM_MORE;
}

static void lose(struct stream *stream, size_t n)
{
	stream->dropped += n;
	stream->lost += n;
}

/* ---- batches ---- */

static struct batch *get_batch(struct stream *stream)
{
	if (!stream->batch) {
		stream->batch = *stream->host->spare ? *stream->host->spare : batch_new();
		*stream->host->spare = NULL;
	}
	return stream->batch;
}

static void put_batch(struct stream *stream)
{
	if (*stream->host->spare) {
		batch_free(stream->batch);
	} else {
		batch_clear(stream->batch);
		*stream->host->spare = stream->batch;
	}
	stream->batch = NULL;
}

static enum stream_step batch_is_out(struct stream *stream)
{
	size_t n = stream->batch->take;

	put_batch(stream);
	peek_take(stream->host->peek, stream->pipe, n);
	return took(stream, n);
}

static enum stream_step push(struct stream *stream)
{
	struct batch_targets to = targets(stream);

	if (batch_push(stream->batch, &to) == 0)
		return batch_is_out(stream);
	if (stream->config.stall == LOG_BLOCK)
		return STREAM_STALLED;
	lose(stream, batch_drop(stream->batch, &to));
	sink_release(stream->sink, &stream->config);
	return batch_is_out(stream);
}

/* The end of the pipe, or of what one process has written. */
static enum stream_step flush(struct stream *stream, enum stream_step or_else)
{
	struct batch *batch = get_batch(stream);

	if (!batch)
		return or_else;
	stream->flush = false;
	if (filter_flush(&stream->filter, &stream->config, batch))
		return push(stream);
	put_batch(stream);
	return or_else;
}

/* Half a line is left in the pipe, but not for long. */
static void hold(struct stream *stream)
{
	if (!filter_leaves_partial(&stream->config) || ev_is_active(&stream->hold))
		return;
	stream->held_at = stream->taken;
	ev_now_update(stream->host->loop);
	ev_timer_set(&stream->hold, HOLD_SECONDS, 0.);
	ev_timer_start(stream->host->loop, &stream->hold);
}

static enum stream_step filtered(struct stream *stream)
{
	struct peek *peek = stream->host->peek;
	ssize_t n = peek_look(peek, stream->pipe, filter_chunk(&stream->config));
	struct batch *batch;
	bool all = stream->force || stream->flush;

	stream->force = false;
	if (n == 0) {
		enum stream_step step = flush(stream, STREAM_ENDED);

		return step == STREAM_ENDED ? end(stream) : step;
	}
	if (n < 0)
		return stream->flush ? flush(stream, STREAM_IDLE) : STREAM_IDLE;
	batch = get_batch(stream);
	if (!batch)
		return STREAM_STALLED;
	if (filter_fill(&stream->filter, &stream->config, batch, peek->data, (size_t)n, all) == 0) {
		put_batch(stream);
		hold(stream);
		return STREAM_IDLE;
	}
	if (batch_failed(batch)) { /* out of memory */
		lose(stream, batch->take);
		return batch_is_out(stream);
	}
	return push(stream);
}

/* ---- as it is ---- */

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
	lose(stream, (size_t)n);
	return took(stream, (size_t)n);
}

/* Through our memory. */
static enum stream_step copied(struct stream *stream)
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

static enum stream_step plain(struct stream *stream)
{
	ssize_t n;

	stream->flush = stream->force = false;
	if (!stream->sink)
		return copied(stream);
	n = sink_splice(stream->sink, stream->pipe, SPLICE_MAX);
	if (n > 0)
		return took(stream, (size_t)n);
	if (n == 0)
		return end(stream);
	if (n == -EINVAL)
		return copied(stream);
	return n == -EBUSY ? stalled(stream) : STREAM_IDLE;
}

/* ---- what was dropped ---- */

/* Says so in the log itself, where it is missing.  false: it cannot be said yet. */
static bool tell_dropped(struct stream *stream)
{
	const struct log_stream *config = &stream->config;
	char name[256], text[512];
	struct buf out = { 0 };
	struct timespec now;
	struct stamp stamp;
	struct line line;
	ssize_t n;

	stream_name(stream, name, sizeof(name));
	snprintf(text, sizeof(text), "forkserver: %" PRIu64 " bytes of %s are missing here",
		 stream->dropped, name);
	line = (struct line){ text, strlen(text), true, true };
	clock_gettime(CLOCK_REALTIME, &now);
	stamp_set(&stamp, &now);
	if (config->format == LOG_JSON)
		format_json(&out, config, &stamp, &line);
	else if (config->format == LOG_TEXT)
		format_text(&out, config, &stamp, &line);
	else
		buf_printf(&out, "\n%s\n", text);
	n = sink_write_whole(stream->sink, buf_str(&out), out.len, config);
	sink_release(stream->sink, config);
	buf_done(&out);
	if (n < 0)
		return false;
	uplink_note(stream->host->uplink, LEVEL_WARN,
		    "%s: %" PRIu64 " bytes were dropped while %s took nothing", name,
		    stream->dropped, stream->sink->path);
	stream->dropped = 0;
	return true;
}

enum stream_step stream_step(struct stream *stream)
{
	if (stream->pipe < 0)
		return STREAM_ENDED;
	if (stream->dropped > 0 && stream->sink && !stream->batch && !stream->sink->trouble)
		(void)tell_dropped(stream);
	if (stream->batch)
		return push(stream);
	return filter_is_plain(&stream->config) ? plain(stream) : filtered(stream);
}
