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
	int n;

	if (!err)
		return -1;
	memcpy(rest, err->text, sizeof(rest));
	va_start(ap, format);
	n = vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", rest);
	return -1;
}
