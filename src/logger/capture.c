/* capture.c - see capture.h. */
#include "logger/capture.h"

#include <string.h>

/* How many bytes at the end of data may be the beginning of the tag. */
static size_t beginning(const char *data, size_t len, const char *tag, size_t tag_len)
{
	size_t n = len < tag_len - 1 ? len : tag_len - 1;

	while (n > 0 && memcmp(data + len - n, tag, n) != 0)
		n--;
	return n;
}

size_t capture_find(const struct capture *capture, const char *data, size_t len, bool all,
		    size_t *ret_text, bool *ret_tag)
{
	const char *tag = capture->on ? CAPTURE_END : CAPTURE_BEGIN;
	size_t tag_len = strlen(tag);
	const char *at = memmem(data, len, tag, tag_len);

	*ret_tag = at != NULL;
	if (at) {
		*ret_text = (size_t)(at - data);
		return *ret_text + tag_len;
	}
	*ret_text = len - (all ? 0 : beginning(data, len, tag, tag_len));
	return *ret_text;
}

void capture_trim(struct capture *capture, size_t max)
{
	struct buf *text = &capture->text;

	if (text->len <= max)
		return;
	memmove(text->data, text->data + text->len - max, max);
	text->len = max;
	text->data[max] = '\0';
}

/* Twice as much may be there before it is trimmed: else each byte would move all of the others. */
void capture_keep(struct capture *capture, const void *text, size_t len, size_t max)
{
	if (max > CAPTURE_MAX)
		max = CAPTURE_MAX;
	buf_add(&capture->text, text, len);
	if (capture->text.failed)
		buf_done(&capture->text);
	if (capture->text.len > 2 * max)
		capture_trim(capture, max);
}

void capture_reset(struct capture *capture)
{
	capture->on = false;
	buf_done(&capture->text);
}
