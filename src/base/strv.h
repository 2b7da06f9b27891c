/* strv.h - NULL-terminated vectors of strings, as execve(2) wants them.
 * Runs in: every process. */
#ifndef BASE_STRV_H
#define BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

/* NULL counts as the empty vector everywhere. */
size_t strv_len(char *const *strv);
void strv_free(char **strv); /* the strings too */
bool strv_contains(char *const *strv, const char *text);

/* Appends a copy (add) or takes the string over (take; freed on failure too).  0 or -ENOMEM, then
 * *strv is as before. */
int strv_add(char ***strv, const char *text);
int strv_take(char ***strv, char *text);

/* Sets NAME=VALUE, replacing an earlier value of NAME.  0 or -ENOMEM. */
int strv_setenv(char ***strv, const char *name, const char *value);

/* The value of NAME or NULL; borrowed. */
const char *strv_getenv(char *const *strv, const char *name);

/* A deep copy; NULL only when out of memory (an empty vector is a vector). */
char **strv_copy(char *const *strv);

#endif
