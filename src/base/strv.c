/* strv.c - see strv.h. */
#include "base/strv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t strv_len(char *const *strv)
{
	size_t n = 0;

	while (strv && strv[n])
		n++;
	return n;
}

void strv_free(char **strv)
{
	for (size_t i = 0; strv && strv[i]; i++)
		free(strv[i]);
	free(strv);
}

int strv_take(char ***strv, char *text)
{
	size_t n = strv_len(*strv);
	char **grown;

	if (!text)
		return -ENOMEM;
	grown = realloc(*strv, (n + 2) * sizeof(*grown));
	if (!grown) {
		free(text);
		return -ENOMEM;
	}
	grown[n] = text;
	grown[n + 1] = NULL;
	*strv = grown;
	return 0;
}

int strv_add(char ***strv, const char *text)
{
	return strv_take(strv, strdup(text));
}

bool strv_contains(char *const *strv, const char *text)
{
	for (size_t i = 0; strv && strv[i]; i++)
		if (strcmp(strv[i], text) == 0)
			return true;
	return false;
}

int strv_setenv(char ***strv, const char *name, const char *value)
{
	size_t len = strlen(name);
	char *entry;

	if (asprintf(&entry, "%s=%s", name, value) < 0)
		return -ENOMEM;
	for (size_t i = 0; *strv && (*strv)[i]; i++) {
		if (strncmp((*strv)[i], name, len) == 0 && (*strv)[i][len] == '=') {
			free((*strv)[i]);
			(*strv)[i] = entry;
			return 0;
		}
	}
	return strv_take(strv, entry);
}

const char *strv_getenv(char *const *strv, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; strv && strv[i]; i++)
		if (strncmp(strv[i], name, len) == 0 && strv[i][len] == '=')
			return strv[i] + len + 1;
	return NULL;
}

char **strv_copy(char *const *strv)
{
	size_t n = strv_len(strv);
	char **copy = calloc(n + 1, sizeof(*copy));

	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = strdup(strv[i]);
		if (!copy[i]) {
			strv_free(copy);
			return NULL;
		}
	}
	return copy;
}
