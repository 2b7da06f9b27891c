/* batch.c - see batch.h. */
#include "logger/batch.h"

#include "ipc/log_messages.h"
#include "logger/datagrams.h"
#include "logger/sink.h"
#include "logger/uplink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_MAX ((size_t)256 << 10) /* bytes; a larger buffer is not kept for the next batch */

struct batch *batch_new(void)
{
	return calloc(1, sizeof(struct batch));
}

static void parcel_clear(struct parcel *parcel)
{
	parcel->at = 0;
	if (parcel->bytes.cap > KEEP_MAX)
		buf_done(&parcel->bytes);
	else
		buf_clear(&parcel->bytes);
}

void batch_clear(struct batch *batch)
{
	parcel_clear(&batch->file);
	parcel_clear(&batch->syslog);
	parcel_clear(&batch->journal);
	parcel_clear(&batch->event);
	parcel_clear(&batch->captured);
	batch->is_captured = false;
	batch->take = 0;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	buf_done(&batch->file.bytes);
	buf_done(&batch->syslog.bytes);
	buf_done(&batch->journal.bytes);
	buf_done(&batch->event.bytes);
	buf_done(&batch->captured.bytes);
	free(batch);
}

bool batch_failed(const struct batch *batch)
{
	return batch->file.bytes.failed || batch->syslog.bytes.failed ||
	       batch->journal.bytes.failed || batch->event.bytes.failed ||
	       batch->captured.bytes.failed;
}

/* ---- filling ---- */

typedef void format(struct buf *, const struct log_stream *, const struct stamp *,
		    const struct line *);

static void add_datagram(struct buf *out, format *how, const struct log_stream *stream,
			 const struct stamp *stamp, const struct line *line)
{
	size_t begin = out->len;
	uint32_t len = 0;

	buf_add(out, &len, sizeof(len));
	how(out, stream, stamp, line);
	if (out->failed)
		return;
	len = (uint32_t)(out->len - begin - sizeof(len));
	memcpy(out->data + begin, &len, sizeof(len));
}

/* A datagram holds less than a line may. */
static void add_syslog(struct buf *out, const struct log_stream *stream, const struct stamp *stamp,
		       const struct line *line)
{
	struct line piece = *line;
	size_t left = line->len;

	do {
		piece.len = left < FORMAT_SYSLOG_MAX ? left : FORMAT_SYSLOG_MAX;
		left -= piece.len;
		piece.last = line->last && left == 0;
		add_datagram(out, format_syslog, stream, stamp, &piece);
		piece.text += piece.len;
	} while (left > 0);
}

void batch_add_line(struct batch *batch, const struct log_stream *stream, const struct stamp *stamp,
		    const struct line *line)
{
	if (stream->path && stream->format == LOG_TEXT)
		format_text(&batch->file.bytes, stream, stamp, line);
	if (stream->path && stream->format == LOG_JSON)
		format_json(&batch->file.bytes, stream, stamp, line);
	if (stream->syslog)
		add_syslog(&batch->syslog.bytes, stream, stamp, line);
	if (stream->journald)
		add_datagram(&batch->journal.bytes, format_journal, stream, stamp, line);
}

/* ---- sending ---- */

static int push_file(struct parcel *parcel, struct sink *sink, const void *who)
{
	while (parcel->at < parcel->bytes.len) {
		ssize_t n = sink ? sink_write_whole(sink, parcel->bytes.data + parcel->at,
						    parcel->bytes.len - parcel->at, who)
				 : (ssize_t)(parcel->bytes.len - parcel->at);

		if (n < 0)
			return -EAGAIN;
		parcel->at += (size_t)n;
	}
	return 0;
}

static int push_datagrams(struct parcel *parcel, struct datagrams *to)
{
	while (parcel->at < parcel->bytes.len) {
		const char *at = parcel->bytes.data + parcel->at;
		uint32_t len;

		memcpy(&len, at, sizeof(len));
		if (datagrams_send(to, at + sizeof(len), len) < 0)
			return -EAGAIN;
		parcel->at += sizeof(len) + len;
	}
	return 0;
}

static int push_data(struct parcel *parcel, const struct batch_targets *to, bool captured)
{
	const struct log_data data = { .stream = to->stream->id,
				       .pid = to->stream->pid,
				       .captured = captured,
				       .data = (char *)buf_str(&parcel->bytes),
				       .len = parcel->bytes.len };

	if (uplink_data(to->uplink, &data) < 0)
		return -EAGAIN;
	parcel->at = parcel->bytes.len;
	return 0;
}

int batch_push(struct batch *batch, const struct batch_targets *to)
{
	int r = push_file(&batch->file, to->sink, to->stream);

	if (push_datagrams(&batch->syslog, to->syslog) < 0)
		r = -EAGAIN;
	if (push_datagrams(&batch->journal, to->journal) < 0)
		r = -EAGAIN;
	if (batch->event.at < batch->event.bytes.len && push_data(&batch->event, to, false) < 0)
		return -EAGAIN;
	if (batch->is_captured) {
		if (push_data(&batch->captured, to, true) < 0)
			return -EAGAIN;
		batch->is_captured = false;
	}
	return r;
}

size_t batch_drop(struct batch *batch, const struct batch_targets *to)
{
	struct parcel *const parcels[] = { &batch->syslog, &batch->journal };
	struct datagrams *const targets[] = { to->syslog, to->journal };

	for (int i = 0; i < 2; i++) {
		struct parcel *parcel = parcels[i];

		while (parcel->at < parcel->bytes.len) {
			uint32_t len;

			memcpy(&len, parcel->bytes.data + parcel->at, sizeof(len));
			parcel->at += sizeof(len) + len;
			datagrams_lose(targets[i]);
		}
	}
	return batch->file.bytes.len - batch->file.at;
}
