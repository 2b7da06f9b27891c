/* fuzz_capture.c - any bytes as a program's output with tags in it: in pieces of any size, what is
 * outside and what is captured must be what a model says that has all of it at once.
 *
 * \x01 and \x02 stand for the tags, which mutations would hardly write; the first byte says how
 * much of a capture is kept. */
#include "logger/capture.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What it came to: the outside, and the end of each capture behind a NUL. */
struct story {
	struct buf outside, captured;
};

static void story_done(struct story *story)
{
	buf_done(&story->outside);
	buf_done(&story->captured);
}

static void same(const struct buf *a, const struct buf *b)
{
	if (a->failed || b->failed || a->len != b->len ||
	    (a->len && memcmp(a->data, b->data, a->len) != 0))
		abort();
}

static void add_capture(struct story *story, const char *text, size_t len, size_t max)
{
	size_t cut = len > max ? len - max : 0;

	buf_addch(&story->captured, '\0');
	if (len > cut)
		buf_add(&story->captured, text + cut, len - cut);
}

/* ---- the model ---- */

static void model(struct story *story, const char *text, size_t len, size_t max)
{
	const char *end = text + len, *at;

	while ((at = memmem(text, (size_t)(end - text), CAPTURE_BEGIN, strlen(CAPTURE_BEGIN)))) {
		buf_add(&story->outside, text, (size_t)(at - text));
		text = at + strlen(CAPTURE_BEGIN);
		at = memmem(text, (size_t)(end - text), CAPTURE_END, strlen(CAPTURE_END));
		if (!at)
			return; /* never ended, so never told */
		add_capture(story, text, (size_t)(at - text), max);
		text = at + strlen(CAPTURE_END);
	}
	buf_add(&story->outside, text, (size_t)(end - text));
}

/* ---- as a stream does it: what is not dealt with comes again, with more behind it ---- */

static size_t take(struct story *story, struct capture *capture, const char *text, size_t len,
		   bool all, size_t max)
{
	size_t n = 0, used;
	bool tag = false;

	used = capture_find(capture, text, len, all, &n, &tag);
	if (used > len || n > used || (all && used == 0))
		abort();
	if (capture->on)
		capture_keep(capture, text, n, max);
	else if (n)
		buf_add(&story->outside, text, n);
	if (capture->text.len > 2 * max)
		abort();
	if (tag && capture->on) {
		capture_trim(capture, max);
		add_capture(story, buf_str(&capture->text), capture->text.len, max);
		capture_reset(capture);
	} else if (tag) {
		capture->on = true;
	}
	return used;
}

static void play(struct story *story, const char *text, size_t len, size_t most, size_t max)
{
	struct capture capture = { 0 };
	size_t from = 0, till = 0, seed = len;

	while (from < len) {
		size_t used;

		till += 1 + (seed = seed * 31 + from + till) % most;
		till = till < len ? till : len;
		do {
			used = take(story, &capture, text + from, till - from, till == len, max);
			from += used;
		} while (used && from < till);
	}
	capture_reset(&capture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t pieces[] = { 1, 7, 40, 100000 };
	struct story whole = { { 0 }, { 0 } };
	struct buf text = { 0 };
	size_t max = len ? data[0] : 0;

	for (size_t i = 1; i < len; i++) {
		if (data[i] == 1)
			buf_addstr(&text, CAPTURE_BEGIN);
		else if (data[i] == 2)
			buf_addstr(&text, CAPTURE_END);
		else
			buf_addch(&text, (char)data[i]);
	}
	if (text.failed)
		abort();
	model(&whole, buf_str(&text), text.len, max);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct story story = { { 0 }, { 0 } };

		play(&story, buf_str(&text), text.len, pieces[i], max);
		same(&story.outside, &whole.outside);
		same(&story.captured, &whole.captured);
		story_done(&story);
	}
	story_done(&whole);
	buf_done(&text);
	return 0;
}
