/* filter.c - see filter.h. */
#include "logger/filter.h"

#include "ipc/log_messages.h"
#include "logger/batch.h"
#include "logger/peek.h"

#include <time.h>

_Static_assert(PEEK_MAX >= 2 * LINES_MAX, "a look shows where a line is to be cut");

void filter_done(struct filter *filter)
{
	capture_reset(&filter->capture);
	buf_done(&filter->lines.partial);
}

static bool is_by_line(const struct log_stream *stream)
{
	return stream->format != LOG_RAW || stream->syslog || stream->journald;
}

bool filter_is_plain(const struct log_stream *stream)
{
	return !is_by_line(stream) && !stream->strip_ansi && !stream->events &&
	       !stream->capture_maxbytes;
}

/* Events do not wait for the end of a line: a program may wait for what comes of them. */
bool filter_leaves_partial(const struct log_stream *stream)
{
	return is_by_line(stream) && !stream->events && !stream->capture_maxbytes;
}

/* Small pieces of lines: prefixes make more of them than they were. */
size_t filter_chunk(const struct log_stream *stream)
{
	return is_by_line(stream) ? 2 * LINES_MAX : PEEK_MAX;
}

static struct stamp now(void)
{
	struct timespec time;
	struct stamp stamp;

	clock_gettime(CLOCK_REALTIME, &time);
	stamp_set(&stamp, &time);
	return stamp;
}

/* To the log.  `cut`: no line ends in it, but it is to be written. */
static void add_text(struct filter *filter, const struct log_stream *stream, struct batch *batch,
		     const char *text, size_t len, bool cut)
{
	struct stamp stamp;
	struct line line;

	if (stream->path && stream->format == LOG_RAW)
		buf_add(&batch->file.bytes, text, len);
	if (!is_by_line(stream))
		return;
	stamp = now();
	while (lines_next(&filter->lines, &text, &len, &line)) {
		batch_add_line(batch, stream, &stamp, &line);
		lines_used(&filter->lines);
	}
	if (!cut || !lines_flush(&filter->lines, false, &line))
		return;
	batch_add_line(batch, stream, &stamp, &line);
	lines_used(&filter->lines);
}

static void at_tag(struct capture *capture, const struct log_stream *stream, struct batch *batch)
{
	if (!capture->on) {
		capture->on = true;
		return;
	}
	capture_trim(capture, stream->capture_maxbytes);
	buf_add(&batch->captured.bytes, buf_str(&capture->text), capture->text.len);
	batch->is_captured = true;
	capture_reset(capture);
}

size_t filter_fill(struct filter *filter, const struct log_stream *stream, struct batch *batch,
		   char *data, size_t len, bool all)
{
	struct capture *capture = &filter->capture;
	bool tag = false, cut = false;
	size_t used, text_len;

	if (filter_leaves_partial(stream) && !all) {
		len = lines_whole(data, len);
		cut = len > 0 && data[len - 1] != '\n';
	}
	used = text_len = len;
	if (stream->capture_maxbytes)
		used = capture_find(capture, data, len, all, &text_len, &tag);
	if (stream->strip_ansi)
		text_len = ansi_strip(&filter->ansi, data, text_len);
	if (stream->events)
		buf_add(&batch->event.bytes, data, text_len);
	if (capture->on && stream->capture_maxbytes)
		capture_keep(capture, data, text_len, stream->capture_maxbytes);
	else
		add_text(filter, stream, batch, data, text_len, cut);
	if (tag)
		at_tag(capture, stream, batch);
	batch->take = used;
	return used;
}

bool filter_flush(struct filter *filter, const struct log_stream *stream, struct batch *batch)
{
	struct stamp stamp;
	struct line line;

	if (!lines_flush(&filter->lines, true, &line))
		return false;
	stamp = now();
	batch_add_line(batch, stream, &stamp, &line);
	lines_used(&filter->lines);
	return true;
}

void filter_reset(struct filter *filter)
{
	filter->ansi = (struct ansi){ ANSI_TEXT };
	capture_reset(&filter->capture);
}
