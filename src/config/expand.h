/* expand.h - Python's `%` formatting of configuration values: %(name)s, %(name)05d, %%.
 * Runs in: supervisor.  Pure. */
#ifndef CONFIG_EXPAND_H
#define CONFIG_EXPAND_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct expand_name {
	const char *name; /* borrowed */
	const char *text; /* borrowed; NULL: number holds */
	long number;
};

/* Names that a value may use, looked up from the innermost scope outwards. */
struct expand_scope {
	const struct expand_name *names; /* borrowed */
	size_t nnames;
	char *const *environment;         /* NAME=VALUE, known as ENV_NAME; borrowed; may be NULL */
	const struct expand_scope *outer; /* borrowed; NULL: none */
};

/* 0 and a malloc'ed text, or -1 and a reason in supervisord's words.  Conversions are s d i u o x X
 * e E f F g G c, with flags, width and precision; width counts characters of UTF-8. */
int expand(const char *format, const struct expand_scope *scope, char **ret, struct error *err);

#endif
