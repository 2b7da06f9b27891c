/* ansi.c - see ansi.h. */
#include "logger/ansi.h"

#include <stdbool.h>
#include <string.h>

#define ESC 0x1b
#define BEL 0x07

static bool within(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

/* What stands behind an ESC. */
static enum ansi_state after_escape(unsigned char c)
{
	if (c == '[')
		return ANSI_CSI;
	if (memchr("]PX^_", c, 5))
		return ANSI_STRING;
	return within(c, 0x20, 0x2f) ? ANSI_SHORT : ANSI_TEXT;
}

/* The state after c within a sequence; *ret_keep: c is text after all. */
static enum ansi_state step(enum ansi_state state, unsigned char c, bool *ret_keep)
{
	bool is_control = c < 0x20 || c == 0x7f;

	*ret_keep = false;
	if (c == ESC)
		return state == ANSI_STRING ? ANSI_STRING_ESCAPE : ANSI_ESCAPE;
	if (c == BEL && (state == ANSI_STRING || state == ANSI_STRING_ESCAPE))
		return ANSI_TEXT;
	if (state == ANSI_STRING_ESCAPE)
		state = c == '\\' ? ANSI_SHORT : ANSI_ESCAPE;
	if (is_control || (c >= 0x80 && state != ANSI_STRING)) {
		*ret_keep = true;
		return ANSI_TEXT;
	}
	switch (state) {
	case ANSI_ESCAPE:
		return after_escape(c);
	case ANSI_SHORT:
		return within(c, 0x20, 0x2f) ? ANSI_SHORT : ANSI_TEXT;
	case ANSI_CSI:
		return within(c, 0x20, 0x3f) ? ANSI_CSI : ANSI_TEXT;
	default:
		return state;
	}
}

size_t ansi_strip(struct ansi *ansi, char *data, size_t len)
{
	size_t out = 0, at = 0;

	while (at < len) {
		bool keep;

		if (ansi->state == ANSI_TEXT) {
			char *escape = memchr(data + at, ESC, len - at);
			size_t n = escape ? (size_t)(escape - data) - at : len - at;

			memmove(data + out, data + at, n);
			out += n;
			at += n;
			if (escape) {
				ansi->state = ANSI_ESCAPE;
				at++;
			}
			continue;
		}
		ansi->state = step(ansi->state, (unsigned char)data[at], &keep);
		if (keep)
			data[out++] = data[at];
		at++;
	}
	return out;
}
