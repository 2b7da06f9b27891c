/* utf8.c - see utf8.h. */
#include "report/utf8.h"

#include "base/buf.h"

#include <stdbool.h>
#include <string.h>

static bool within(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

size_t utf8_sequence(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	/* of the second byte; The Unicode Standard, table 3-7 */
	unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] == '\0' || (len > 1 && !within(s[0], 0xc2, 0xf4)))
		return 0;
	if (len > 1 && !within(s[1], low, high))
		return 0;
	for (size_t i = 2; i < len; i++)
		if (!within(s[i], 0x80, 0xbf))
			return 0;
	return len;
}

char *utf8_escape(const char *text)
{
	struct buf out = { 0 };

	while (*text) {
		size_t len = utf8_sequence(text);

		if (len)
			buf_add(&out, text, len);
		else
			buf_printf(&out, "\\x%02x", (unsigned char)*text);
		text += len ? len : 1;
	}
	return buf_steal(&out);
}
