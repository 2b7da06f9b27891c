/* fuzz_api.c - any path and any form: a name lies within its path, a field is one of the form's,
 * and what is written of both is one line of JSON and one of Prometheus' format. */
#include "control/api_path.h"
#include "control/exposition.h"
#include "control/form.h"
#include "control/json.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_utf8(const struct buf *text)
{
	for (size_t at = 0, n; at < text->len; at += n) {
		n = utf8_length(text->data + at, text->len - at);
		if (n == 0)
			abort();
	}
}

/* Nothing within may be taken for the end of the string or of the line. */
static void check_quoted(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || text[i] == '"')
			abort();
		if (text[i] == '\\' && ++i == len)
			abort();
	}
}

static void check_written(const char *text)
{
	struct label label = { "l", text };
	struct buf to = { 0 };

	json_string(&to, text);
	check_utf8(&to);
	check_quoted(to.data + 1, to.len - 2);
	buf_clear(&to);
	exposition_count(&to, "n", &label, 1, 0); /* n{l="…"} 0\n */
	check_utf8(&to);
	check_quoted(to.data + 5, to.len - 5 - 5);
	buf_done(&to);
}

static void check_path(const char *path, bool posts)
{
	struct api_path got = api_path_read(path, posts);

	if (!got.name)
		return;
	if (got.nname == 0 || got.name < path || got.name + got.nname > path + strlen(path))
		abort();
	if (got.what == API_NOTHING || got.what == API_SUPERVISOR)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1), *field;

	memcpy(text, data, len);
	text[len] = '\0';
	check_path(text, true);
	check_path(text, false);
	check_written(text);
	field = form_field(text, len, "signal");
	if (field && strlen(field) > len)
		abort();
	free(field);
	free(text);
	return 0;
}
