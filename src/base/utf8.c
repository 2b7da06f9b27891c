/* utf8.c - see utf8.h. */
#include "base/utf8.h"

#include "base/buf.h"

static bool within(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

size_t utf8_length(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low, high;
	size_t n;

	if (len == 0 || (s[0] >= 0x80 && !within(s[0], 0xc2, 0xf4)))
		return 0;
	n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	/* of the second byte; The Unicode Standard, table 3-7 */
	low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
	if (n > 1 && !within(s[1], low, high))
		return 0;
	for (size_t i = 2; i < n; i++)
		if (!within(s[i], 0x80, 0xbf))
			return 0;
	return n;
}

size_t utf8_copy(struct buf *to, const char *text, size_t len)
{
	size_t n = utf8_length(text, len);

	if (n == 0) {
		buf_addstr(to, "\xef\xbf\xbd");
		return 1;
	}
	buf_add(to, text, n);
	return n;
}
