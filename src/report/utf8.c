/* utf8.c - see utf8.h. */
#include "report/utf8.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <string.h>

size_t utf8_sequence(const char *text)
{
	return text[0] ? utf8_length(text, strnlen(text, 4)) : 0;
}

char *utf8_escape(const char *text)
{
	struct buf out = { 0 };

	while (*text) {
		size_t len = utf8_sequence(text);

		if (len)
			buf_add(&out, text, len);
		else
			buf_printf(&out, "\\x%02x", (unsigned char)*text);
		text += len ? len : 1;
	}
	return buf_steal(&out);
}
