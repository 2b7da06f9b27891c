/* lines.c - see lines.h. */
#include "logger/lines.h"

#include <string.h>

/* Where a piece of at most LINES_MAX bytes ends: not within a UTF-8 sequence. */
static size_t cut(const char *text, size_t len)
{
	size_t at = len;

	while (at > 0 && len - at < 3 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return at > 0 && ((unsigned char)text[at] & 0xc0) != 0x80 ? at : len;
}

static void piece(struct lines *lines, const char *text, size_t len, bool last, struct line *ret)
{
	*ret = (struct line){ text, len, !lines->within, last };
	lines->within = !last;
}

/* Cuts a line out of text: its length, 0 if it does not end and is not too long.  *ret_skip: its
 * end-of-line character. */
static size_t find_end(const char *text, size_t len, bool *ret_skip, bool *ret_whole)
{
	size_t max = len < LINES_MAX ? len : LINES_MAX;
	const char *end = memchr(text, '\n', max);

	*ret_skip = end != NULL;
	*ret_whole = end || len > LINES_MAX;
	if (end)
		return (size_t)(end - text);
	/* One more byte may be the end of line, and shows where a sequence begins. */
	if (len > LINES_MAX && text[LINES_MAX] == '\n') {
		*ret_skip = true;
		return LINES_MAX;
	}
	return len > LINES_MAX ? cut(text, LINES_MAX) : 0;
}

/* The kept bytes come first: as many as fit are put behind them. */
static bool next_of_partial(struct lines *lines, const char **data, size_t *len, struct line *ret)
{
	size_t had = lines->partial.len, more = LINES_MAX + 1 - had, n;
	const char *end = memchr(*data, '\n', *len);
	bool skip, whole;

	if (end && (size_t)(end - *data) + 1 < more)
		more = (size_t)(end - *data) + 1;
	if (*len < more)
		more = *len;
	buf_add(&lines->partial, *data, more);
	if (lines->partial.failed) { /* out of memory: the line begins here */
		buf_done(&lines->partial);
		*data += more;
		*len -= more;
		return false;
	}
	*data += more;
	*len -= more;
	n = find_end(lines->partial.data, lines->partial.len, &skip, &whole);
	if (!whole)
		return false;
	lines->used = n + skip;
	piece(lines, lines->partial.data, n, skip, ret);
	return true;
}

bool lines_next(struct lines *lines, const char **data, size_t *len, struct line *ret)
{
	bool skip, whole;
	size_t n;

	if (*len == 0)
		return false;
	if (lines->partial.len > 0)
		return next_of_partial(lines, data, len, ret);
	n = find_end(*data, *len, &skip, &whole);
	if (!whole) {
		buf_add(&lines->partial, *data, *len);
		if (lines->partial.failed)
			buf_done(&lines->partial);
		*data += *len;
		*len = 0;
		return false;
	}
	piece(lines, *data, n, skip, ret);
	*data += n + skip;
	*len -= n + skip;
	return true;
}

bool lines_flush(struct lines *lines, bool last, struct line *ret)
{
	if (lines->partial.len == 0 && !(last && lines->within))
		return false;
	lines->used = lines->partial.len;
	piece(lines, buf_str(&lines->partial), lines->partial.len, last, ret);
	return true;
}

void lines_used(struct lines *lines)
{
	struct buf *partial = &lines->partial;
	size_t left = partial->len - lines->used;

	if (lines->used > 0 && left > 0)
		memmove(partial->data, partial->data + lines->used, left);
	if (left > 0) {
		partial->len = left;
		partial->data[left] = '\0';
	} else {
		buf_done(partial);
	}
	lines->used = 0;
}

size_t lines_whole(const char *data, size_t len)
{
	const char *end = memrchr(data, '\n', len);

	if (end)
		return (size_t)(end - data) + 1;
	return len > LINES_MAX ? cut(data, LINES_MAX) : 0;
}
