/* error.c - see error.h. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, const char *format, ...)
{
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, format);
	vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char rest[ERROR_TEXT_MAX];
	va_list ap;
	size_t len;

	if (!err)
		return -1;
	memcpy(rest, err->text, sizeof(rest));
	va_start(ap, format);
	vsnprintf(err->text, sizeof(err->text) - 3, format, ap);
	va_end(ap);
	strcat(err->text, ": ");
	len = strlen(err->text);
	memcpy(err->text + len, rest, sizeof(rest) - len);
	err->text[sizeof(err->text) - 1] = '\0';
	return -1;
}
