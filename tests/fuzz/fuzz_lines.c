/* fuzz_lines.c - any bytes in pieces of any size become lines: together they are what came in, none
 * is too long, and none of their formats can be taken for more than one line. */
#include "logger/lines.h"

#include "ipc/log_messages.h"
#include "logger/format.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct log_stream stream = {
	.group = "g", .process = "p", .channel = "stdout", .pid = 1
};

static void check_one_line(const struct buf *out)
{
	if (out->failed || out->len == 0 ||
	    memchr(out->data, '\n', out->len) != out->data + out->len - 1)
		abort();
	if (memchr(out->data, '\0', out->len) || memchr(out->data, '\r', out->len))
		abort();
}

static void use(struct buf *all, const struct line *line)
{
	static const struct stamp stamp = { "t", "t", "t" };
	struct buf out = { 0 };

	if (line->len > LINES_MAX)
		abort();
	buf_add(all, line->text, line->len);
	if (line->last)
		buf_addch(all, '\n');
	format_text(&out, &stream, &stamp, line);
	check_one_line(&out);
	buf_clear(&out);
	format_json(&out, &stream, &stamp, line);
	check_one_line(&out);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct lines lines = { 0 };
	struct buf all = { 0 };
	struct line line;
	size_t piece;

	if (len < 2)
		return 0;
	piece = 1 + data[0] * 97u;
	data++;
	len--;
	for (size_t at = 0; at < len; at += piece) {
		const char *from = (const char *)data + at;
		size_t n = len - at < piece ? len - at : piece;

		while (lines_next(&lines, &from, &n, &line)) {
			use(&all, &line);
			lines_used(&lines);
		}
	}
	while (lines_flush(&lines, true, &line)) {
		use(&all, &line);
		lines_used(&lines);
	}
	/* A last line without its end has been given one. */
	if (all.len != len + (data[len - 1] != '\n') || memcmp(all.data, data, len) != 0)
		abort();
	buf_done(&all);
	return 0;
}
