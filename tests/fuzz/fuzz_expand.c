/* fuzz_expand.c - any text as a value to expand: never more than its widths allow, and a text
 * without a percent sign stays as it is. */
#include "base/error.h"
#include "base/util.h"
#include "config/expand.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define WIDTH_MAX 8192 /* bytes that one conversion can give: 4096, and a number's own */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char *environment[] = { (char *)"A=b", (char *)"EMPTY=", NULL };
	static const struct expand_name inner[] = { { "process_num", NULL, 7 },
						    { "below", NULL, -42 },
						    { "", "nameless", 0 } };
	static const struct expand_name outer[] = { { "here", "/srv/sh\xc3\xb6p", 0 },
						    { "broken", "\xff\xc3", 0 } };
	struct expand_scope around = { outer, ARRAY_LEN(outer), environment, NULL };
	struct expand_scope scope = { inner, ARRAY_LEN(inner), NULL, &around };
	struct error err = { "" };
	char *format = strndup((const char *)data, len), *text = NULL;
	size_t conversions = 0;

	if (!format)
		abort();
	for (const char *p = format; *p; p++)
		conversions += *p == '%';
	if (expand(format, &scope, &text, &err) < 0) {
		if (!err.text[0] || text)
			abort();
	} else if (strlen(text) > strlen(format) + conversions * WIDTH_MAX ||
		   (!conversions && strcmp(text, format) != 0)) {
		abort();
	}
	free(text);
	free(format);
	return 0;
}
