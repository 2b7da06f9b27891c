/* text.c - see text.h. */
#include "rpc/text.h"

#include "base/buf.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* How the sequences of each length begin, and the least that they may mean (Unicode 3.9, D92). */
static const struct {
	unsigned char mask, lead;
	unsigned least;
} lengths[] = {
	{ 0x80, 0x00, 0x0 },
	{ 0xe0, 0xc0, 0x80 },
	{ 0xf0, 0xe0, 0x800 },
	{ 0xf8, 0xf0, 0x10000 },
};

size_t text_rune(const char *data, size_t len, unsigned *ret_rune)
{
	const unsigned char *in = (const unsigned char *)data;

	for (size_t n = 0; len > 0 && n < 4; n++) {
		unsigned rune;

		if ((in[0] & lengths[n].mask) != lengths[n].lead)
			continue;
		if (n + 1 > len)
			return 0;
		rune = in[0] & (unsigned char)~lengths[n].mask;
		for (size_t i = 1; i <= n; i++) {
			if ((in[i] & 0xc0) != 0x80)
				return 0;
			rune = rune << 6 | (in[i] & 0x3f);
		}
		if (rune < lengths[n].least || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
			return 0;
		*ret_rune = rune;
		return n + 1;
	}
	return 0;
}

/* What stands for a character that cannot stand for itself, or NULL. */
static const char *substitute(unsigned rune, bool quoted)
{
	switch (rune) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return quoted ? "&quot;" : NULL;
	case '\'':
		return quoted ? "&#39;" : NULL;
	case '\r':
		return "&#13;"; /* a parser would make a line feed of it */
	case 0xfffe:
	case 0xffff:
		return REPLACEMENT;
	default:
		return NULL;
	}
}

static bool is_control(unsigned rune)
{
	return rune < 0x20 && rune != '\t' && rune != '\n' && rune != '\r';
}

static void escape(struct buf *to, const char *data, size_t len, bool quoted)
{
	size_t plain = 0, i = 0;

	while (i < len) {
		unsigned rune = 0;
		size_t n = text_rune(data + i, len - i, &rune);
		const char *instead = n ? substitute(rune, quoted) : REPLACEMENT;
		char picture[4] = { (char)0xe2, (char)0x90, (char)(0x80 + rune), '\0' };

		if (n && is_control(rune))
			instead = picture;
		if (!instead) {
			i += n;
			continue;
		}
		buf_add(to, data + plain, i - plain);
		buf_addstr(to, instead);
		i += n ? n : 1;
		plain = i;
	}
	buf_add(to, data + plain, len - plain);
}

void text_escape(struct buf *to, const char *data, size_t len)
{
	escape(to, data, len, false);
}

void text_escape_quoted(struct buf *to, const char *data, size_t len)
{
	escape(to, data, len, true);
}
