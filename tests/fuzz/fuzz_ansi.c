/* fuzz_ansi.c - any bytes, cut at any two places: what is left is what is left of the whole, it
 * holds no escape, and it was there before, in this order. */
#include "logger/ansi.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t strip_pieces(const uint8_t *data, size_t len, size_t first, size_t second, char *out)
{
	const size_t ends[] = { first, second, len };
	struct ansi ansi = { ANSI_TEXT };
	size_t from = 0, total = 0;

	for (int i = 0; i < 3; i++) {
		size_t n = ends[i] - from;

		if (n)
			memcpy(out + total, data + from, n);
		total += ansi_strip(&ansi, out + total, n);
		from = ends[i];
	}
	return total;
}

static int is_subsequence(const char *part, size_t n, const uint8_t *whole, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at < n; i++)
		at += whole[i] == (uint8_t)part[at];
	return at == n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t first, second, n, m;
	char *once, *pieces;

	if (len < 2)
		return 0;
	first = data[0] % (len - 1);
	second = first + data[1] % (len - 1 - first);
	data += 2;
	len -= 2;
	first = first < len ? first : len;
	second = second < len ? second : len;
	once = malloc(len + 1);
	pieces = malloc(len + 1);
	if (!once || !pieces)
		abort();
	n = strip_pieces(data, len, 0, 0, once);
	m = strip_pieces(data, len, first, second, pieces);
	if (n != m || memcmp(once, pieces, n) != 0)
		abort();
	if (memchr(once, 0x1b, n) || !is_subsequence(once, n, data, len))
		abort();
	free(once);
	free(pieces);
	return 0;
}
