/* pack.c - see pack.h. */
#include "ipc/pack.h"

#include "base/buf.h"
#include "base/strv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_STRING UINT32_MAX

void pack_u32(struct buf *buf, uint32_t value)
{
	buf_add(buf, &value, sizeof(value));
}

void pack_u64(struct buf *buf, uint64_t value)
{
	buf_add(buf, &value, sizeof(value));
}

void pack_str(struct buf *buf, const char *text)
{
	if (!text) {
		pack_u32(buf, NO_STRING);
		return;
	}
	pack_u32(buf, (uint32_t)strlen(text));
	buf_addstr(buf, text);
}

void pack_strv(struct buf *buf, char *const *strv)
{
	pack_u32(buf, (uint32_t)strv_len(strv));
	for (size_t i = 0; strv && strv[i]; i++)
		pack_str(buf, strv[i]);
}

void pack_data(struct buf *buf, const void *data, size_t len)
{
	pack_u32(buf, (uint32_t)len);
	buf_add(buf, data, len);
}

void unpack_init(struct unpack *in, const void *data, size_t len)
{
	*in = (struct unpack){ .at = data, .left = len };
}

static void take(struct unpack *in, void *to, size_t len)
{
	if (in->bad || len > in->left) {
		in->bad = true;
		memset(to, 0, len);
		return;
	}
	memcpy(to, in->at, len);
	in->at += len;
	in->left -= len;
}

uint32_t unpack_u32(struct unpack *in)
{
	uint32_t value;

	take(in, &value, sizeof(value));
	return value;
}

uint64_t unpack_u64(struct unpack *in)
{
	uint64_t value;

	take(in, &value, sizeof(value));
	return value;
}

char *unpack_str(struct unpack *in)
{
	uint32_t len = unpack_u32(in);
	char *text;

	if (in->bad || len == NO_STRING)
		return NULL;
	if (len > in->left || memchr(in->at, '\0', len)) {
		in->bad = true;
		return NULL;
	}
	text = malloc((size_t)len + 1);
	if (!text) {
		in->bad = true;
		return NULL;
	}
	take(in, text, len);
	text[len] = '\0';
	return text;
}

char *unpack_data(struct unpack *in, size_t *ret_len)
{
	uint32_t len = unpack_u32(in);
	char *data;

	*ret_len = 0;
	if (in->bad || len > in->left) {
		in->bad = true;
		return NULL;
	}
	data = malloc((size_t)len + 1);
	if (!data) {
		in->bad = true;
		return NULL;
	}
	take(in, data, len);
	data[len] = '\0';
	*ret_len = len;
	return data;
}

void unpack_bytes(struct unpack *in, void *to, size_t len)
{
	take(in, to, len);
}

char **unpack_strv(struct unpack *in)
{
	uint32_t n = unpack_u32(in);
	char **strv;

	if (in->bad ||
	    n > in->left / sizeof(uint32_t)) { /* each string takes at least its length field */
		in->bad = true;
		return NULL;
	}
	strv = calloc((size_t)n + 1, sizeof(*strv));
	for (uint32_t i = 0; strv && i < n; i++) {
		strv[i] = unpack_str(in);
		if (!strv[i]) {
			in->bad = true;
			break;
		}
	}
	if (!strv || in->bad) {
		in->bad = true;
		strv_free(strv);
		return NULL;
	}
	return strv;
}

int unpack_end(const struct unpack *in)
{
	return in->bad || in->left ? -EPROTO : 0;
}
