/* form.c - see form.h. */
#include "control/form.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A percent sign that begins no pair of digits stands for itself, as browsers have it. */
static char *decode(const char *text, size_t len)
{
	struct buf to = { 0 };

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '%' && i + 2 < len && digit(text[i + 1]) >= 0 &&
		    digit(text[i + 2]) >= 0) {
			buf_addch(&to, (char)(digit(text[i + 1]) << 4 | digit(text[i + 2])));
			i += 2;
		} else {
			buf_addch(&to, text[i] == '+' ? ' ' : text[i]);
		}
	}
	if (to.len && memchr(to.data, '\0', to.len)) {
		buf_done(&to);
		return NULL;
	}
	return buf_steal(&to);
}

char *form_field(const char *form, size_t len, const char *name)
{
	const char *end = form + len;

	while (form < end) {
		const char *stop = memchr(form, '&', (size_t)(end - form));
		const char *equals;

		if (!stop)
			stop = end;
		equals = memchr(form, '=', (size_t)(stop - form));
		if (equals && (size_t)(equals - form) == strlen(name) &&
		    memcmp(form, name, strlen(name)) == 0)
			return decode(equals + 1, (size_t)(stop - equals - 1));
		form = stop < end ? stop + 1 : end;
	}
	return NULL;
}

void form_quote(struct buf *to, const char *text)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-_.~", *text))
			buf_addch(to, *text);
		else
			buf_printf(to, "%%%02X", (unsigned char)*text);
	}
}
