/* fuzz_env_file.c - any bytes as an env_file: names are names, none is there twice, and an error is
 * in one of its lines. */
#include "base/error.h"
#include "base/strv.h"
#include "config/env_file.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_name(const char *entry)
{
	size_t len = strcspn(entry, "=");

	if (!entry[len] || !len || isdigit((unsigned char)*entry))
		abort();
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)entry[i]) && entry[i] != '_')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	char **environment = NULL;
	struct error err = { "" };
	unsigned line = 0, lines = 1;
	int r;

	if (!text)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		lines += data[i] == '\n';
	r = env_file_read(text, len, &environment, &line, &err);
	if (r < 0 && (!err.text[0] || !line || line > lines))
		abort();
	for (size_t i = 0; environment && environment[i]; i++) {
		size_t name = strcspn(environment[i], "=") + 1;

		check_name(environment[i]);
		for (size_t k = 0; k < i; k++)
			if (strncmp(environment[k], environment[i], name) == 0)
				abort();
	}
	strv_free(environment);
	free(text);
	return 0;
}
