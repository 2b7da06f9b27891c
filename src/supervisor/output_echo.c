/* output_echo.c - see output_echo.h. */
#include "supervisor/output_echo.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/utf8.h"
#include "supervisor/event_payload.h"

#include <string.h>

#define PIECE 700 /* bytes: it fits into a line of the log, even with each of them as \\x00 */

/* The longest piece that does not end within a character. */
static size_t piece_of(const char *data, size_t len)
{
	size_t n = PIECE;

	if (len <= PIECE)
		return len;
	while (n > PIECE - 4 && ((unsigned char)data[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* A NUL would end the line, and an escape sequence play with somebody's terminal. */
static bool is_text(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (utf8_is_control(data[i]) && !memchr("\n\t\r", data[i], 3))
			return false;
	return payload_is_utf8(data, len);
}

static void add_indented(struct buf *to, const char *data, size_t len)
{
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) + 1 : len;

		buf_addch(to, ' ');
		buf_add(to, data, n);
		data += n;
		len -= n;
	}
}

static void echo_piece(const char *name, bool is_err, const char *data, size_t len)
{
	struct buf piece = { 0 }, text = { 0 };

	buf_add(&piece, data, len); /* behind it there is a NUL, which the check may look at */
	if (!piece.failed && is_text(piece.data, len)) {
		add_indented(&text, data, len);
	} else {
		buf_addstr(&text, " Undecodable: ");
		payload_repr(&text, data, len);
	}
	log_debug("'%s' %s output:\n%s", name, is_err ? "stderr" : "stdout", buf_str(&text));
	buf_done(&piece);
	buf_done(&text);
}

void output_echo(const char *name, bool is_err, const char *data, size_t len)
{
	if (!log_wants(LEVEL_DEBUG))
		return;
	while (len) {
		size_t n = piece_of(data, len);

		echo_piece(name, is_err, data, n);
		data += n;
		len -= n;
	}
}
