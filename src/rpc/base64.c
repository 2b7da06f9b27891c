/* base64.c - see base64.h. */
#include "rpc/base64.h"

#include "base/buf.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *to, const void *data, size_t len)
{
	const unsigned char *in = data;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)in[i] << 16;
		char out[4] = "====";

		if (i + 1 < len)
			bits |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < len)
			bits |= in[i + 2];
		for (size_t k = 0; k < 4 && i + k <= len; k++)
			out[k] = alphabet[bits >> (18 - 6 * k) & 63];
		buf_add(to, out, sizeof(out));
	}
}

int base64_decode(struct buf *to, const char *text, size_t len)
{
	uint32_t bits = 0;
	unsigned held = 0, padding = 0;

	for (size_t i = 0; i < len; i++) {
		const char *found;

		if (text[i] && strchr(" \t\r\n", text[i]))
			continue;
		if (text[i] == '=') {
			padding++;
			continue;
		}
		found = text[i] && !padding ? strchr(alphabet, text[i]) : NULL;
		if (!found)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)(found - alphabet);
		held += 6;
		if (held >= 8) {
			held -= 8;
			buf_addch(to, (char)(bits >> held & 255));
		}
	}
	return padding > 2 || held == 6 ? -EINVAL : 0;
}
