/* fuzz_http.c - any bytes as the answer of an HTTP server: in one piece, byte by byte and in pieces
 * of chance they must come to the same status, body and end. */
#include "base/buf.h"
#include "ctl/http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void take(void *arg, const char *data, size_t len)
{
	if (len == 0)
		abort();
	buf_add(arg, data, len);
}

static void check(const struct http_reader *reader)
{
	bool ended = reader->at == HTTP_BROKEN || reader->at == HTTP_STATUS_LINE;

	if (reader->len >= sizeof(reader->line))
		abort();
	if (!ended && (reader->status < 100 || reader->status > 999))
		abort();
	if ((reader->at == HTTP_BODY || reader->at == HTTP_CHUNK) && reader->left == 0)
		abort();
}

static void play(struct http_reader *reader, struct buf *body, const char *data, size_t len,
		 size_t most)
{
	size_t seed = len;

	*reader = (struct http_reader){ .body = take, .arg = body };
	while (len) {
		size_t n = 1 + (seed = seed * 31 + len) % most;

		n = n < len ? n : len;
		http_reader_feed(reader, data, n);
		check(reader);
		data += n;
		len -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t pieces[] = { 1, 5, 100 };
	struct http_reader whole, reader;
	struct buf all = { 0 };

	play(&whole, &all, (const char *)data, len, (size_t)1 << 30);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct buf body = { 0 };

		play(&reader, &body, (const char *)data, len, pieces[i]);
		if (all.failed || body.failed || reader.at != whole.at ||
		    reader.status != whole.status || reader.left != whole.left ||
		    body.len != all.len || (all.len && memcmp(body.data, all.data, all.len) != 0))
			abort();
		buf_done(&body);
	}
	buf_done(&all);
	return 0;
}
