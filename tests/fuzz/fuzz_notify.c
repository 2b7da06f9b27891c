/* fuzz_notify.c - any bytes as a datagram of sd_notify(3): what is shown to people is plain UTF-8,
 * and the whole means what its lines mean one by one. */
#include "base/utf8.h"
#include "supervisor/notify_message.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* UTF-8 without control characters, of one byte or (U+0080 to U+009F) of two. */
static void check_plain(const char *text)
{
	size_t left = strnlen(text, NOTIFY_STATUS_MAX);

	if (left == NOTIFY_STATUS_MAX)
		abort();
	while (left) {
		size_t n = utf8_length(text, left);
		unsigned char c = (unsigned char)text[0];

		if (n == 0 || (n == 1 && (c < ' ' || c == 0x7f)) ||
		    (n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0))
			abort();
		text += n;
		left -= n;
	}
}

/* EXTEND_TIMEOUT_USEC= with digits that fit, and nothing else. */
static void model_extend(const char *line, size_t len, uint64_t *value)
{
	static const char name[] = "EXTEND_TIMEOUT_USEC=";
	size_t n = strlen(name);
	char *text;

	if (len < n || memcmp(line, name, n) != 0)
		return;
	text = strndup(line + n, len - n);
	if (!text)
		abort();
	errno = 0;
	if (strspn(text, "0123456789") == len - n) {
		unsigned long long read = strtoull(text, NULL, 10);

		if (errno == 0)
			*value = read;
	}
	free(text);
}

static void add_line(struct notify_message *sum, const char *line, size_t len)
{
	struct notify_message one;

	if (notify_message_parse(line, len, &one) < 0)
		abort();
	sum->ready |= one.ready;
	sum->reloading |= one.reloading;
	sum->stopping |= one.stopping;
	sum->alive |= one.alive;
	sum->sick |= one.sick;
	if (one.has_status)
		memcpy(sum->status, one.status, sizeof(sum->status));
	sum->has_status |= one.has_status;
	model_extend(line, len, &sum->extend_us);
}

static void compare(const struct notify_message *a, const struct notify_message *b)
{
	if (a->ready != b->ready || a->reloading != b->reloading || a->stopping != b->stopping ||
	    a->alive != b->alive || a->sick != b->sick || a->has_status != b->has_status ||
	    strcmp(a->status, b->status) != 0 || a->extend_us != b->extend_us)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct notify_message whole, sum;
	int r = notify_message_parse(text, len, &whole);

	if (len && text[len - 1] == '\0')
		len--;
	if ((r < 0) != (len && memchr(text, '\0', len)))
		abort();
	if (r < 0)
		return 0;
	check_plain(whole.status);
	memset(&sum, 0, sizeof(sum));
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		add_line(&sum, text, n);
		n += end != NULL;
		text += n;
		len -= n;
	}
	compare(&whole, &sum);
	return 0;
}
