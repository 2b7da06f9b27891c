/* json.c - see json.h. */
#include "control/json.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

/* No value ends with one of these characters but those that something is to follow: a string ends
 * with its quote. */
static void separate(struct buf *to)
{
	if (to->len && !strchr("{[:,", to->data[to->len - 1]))
		buf_addch(to, ',');
}

void json_object_begin(struct buf *to)
{
	separate(to);
	buf_addch(to, '{');
}

void json_object_end(struct buf *to)
{
	buf_addch(to, '}');
}

void json_array_begin(struct buf *to)
{
	separate(to);
	buf_addch(to, '[');
}

void json_array_end(struct buf *to)
{
	buf_addch(to, ']');
}

void json_key(struct buf *to, const char *key)
{
	json_string(to, key);
	buf_addch(to, ':');
}

static void add_ascii(struct buf *to, char c)
{
	if (c == '"' || c == '\\')
		buf_addch(to, '\\');
	if (utf8_is_control(c))
		buf_printf(to, "\\u%04x", (unsigned)c);
	else
		buf_addch(to, c);
}

void json_string(struct buf *to, const char *text)
{
	size_t left = text ? strlen(text) : 0;

	if (!text) {
		json_null(to);
		return;
	}
	separate(to);
	buf_addch(to, '"');
	while (left > 0) {
		size_t n = 1;

		if (*text & 0x80)
			n = utf8_copy(to, text, left);
		else
			add_ascii(to, *text);
		text += n;
		left -= n;
	}
	buf_addch(to, '"');
}

void json_int(struct buf *to, int64_t number)
{
	separate(to);
	buf_printf(to, "%" PRId64, number);
}

void json_seconds(struct buf *to, uint64_t us)
{
	separate(to);
	buf_printf(to, "%" PRIu64 ".%06u", us / 1000000, (unsigned)(us % 1000000));
}

void json_bool(struct buf *to, bool truth)
{
	separate(to);
	buf_addstr(to, truth ? "true" : "false");
}

void json_null(struct buf *to)
{
	separate(to);
	buf_addstr(to, "null");
}
