/* expand.c - see expand.h. */
#include "config/expand.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/strv.h"
#include "base/util.h"
#include "config/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX 4096

/* One %(name)… as written. */
struct conversion {
	char *name; /* owned */
	bool left, zero, plus, space, alternate;
	int width;     /* -1: none */
	int precision; /* -1: none */
	char type;
	size_t index; /* of the character that names the type, for messages */
};

struct expansion {
	const char *format;
	const struct expand_scope *scope;
	struct buf out;
	struct error *err;
};

__attribute__((format(printf, 2, 3))) static int badly(struct expansion *e, const char *why, ...)
{
	struct buf text = { 0 };
	va_list ap;

	va_start(ap, why);
	buf_vprintf(&text, why, ap);
	va_end(ap);
	error_set(e->err, "Format string '%.500s' is badly formatted: %s", e->format,
		  buf_str(&text));
	buf_done(&text);
	return -1;
}

/* The value of a name, which lives as long as the scopes do. */
static bool look_up(const struct expand_scope *scope, const char *name, struct expand_name *ret)
{
	for (; scope; scope = scope->outer) {
		for (size_t i = 0; i < scope->nnames; i++) {
			if (strcmp(scope->names[i].name, name) == 0) {
				*ret = scope->names[i];
				return true;
			}
		}
		if (strncmp(name, "ENV_", 4) == 0) {
			const char *value = strv_getenv(scope->environment, name + 4);

			*ret = (struct expand_name){ name, value, 0 };
			if (value)
				return true;
		}
	}
	return false;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *near_variable(const struct expand_scope *scope, const char *name, char *near,
				 size_t size)
{
	const char *found = NULL;

	if (strncmp(name, "ENV_", 4) != 0)
		return NULL;
	for (; scope && !found; scope = scope->outer) {
		for (char *const *p = scope->environment; p && *p && !found; p++) {
			char *equals = strchr(*p, '=');

			if (!equals || (size_t)(equals - *p) + 5 > size)
				continue;
			snprintf(near, size, "ENV_%.*s", (int)(equals - *p), *p);
			found = suggest(name, (const char *const *)&near, 1);
		}
	}
	return found;
}

/* Python lists every variable of the environment here; that helps nobody. */
static int unknown(struct expansion *e, const char *name)
{
	const char *names[64], *near;
	struct buf list = { 0 };
	char variable[64];
	size_t n = 0;

	for (const struct expand_scope *s = e->scope; s; s = s->outer)
		for (size_t i = 0; i < s->nnames && n < ARRAY_LEN(names); i++)
			names[n++] = s->names[i].name;
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(names[i - 1], names[i]) != 0)
			buf_printf(&list, "%s, ", names[i]);
	near = suggest(name, names, n);
	if (!near)
		near = near_variable(e->scope, name, variable, sizeof(variable));
	error_set(e->err,
		  "Format string '%.500s' contains names ('%.100s') which cannot be expanded. "
		  "Available names: %sENV_NAME for a variable of the environment%s%s%s",
		  e->format, name, buf_str(&list), near ? "; did you mean %(" : "",
		  near ? near : "", near ? ")s?" : "");
	buf_done(&list);
	return -1;
}

/* At p stands what follows "%(": the name up to its closing parenthesis. */
static int read_name(struct expansion *e, struct conversion *c, const char **p)
{
	const char *start = *p, *at = start;
	int depth = 1;

	for (; *at && depth; at++)
		depth += (*at == '(') - (*at == ')');
	if (depth)
		return badly(e, "a \"%%(\" is not closed");
	c->name = strndup(start, (size_t)(at - start) - 1);
	*p = at;
	return c->name ? 0 : error_set(e->err, "out of memory");
}

static int read_number(const char **p)
{
	int number = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++)
		if (number <= WIDTH_MAX)
			number = number * 10 + (**p - '0');
	return number;
}

static void read_flags(struct conversion *c, const char **p)
{
	for (;; (*p)++) {
		switch (**p) {
		case '-':
			c->left = true;
			break;
		case '0':
			c->zero = true;
			break;
		case '+':
			c->plus = true;
			break;
		case ' ':
			c->space = true;
			break;
		case '#':
			c->alternate = true;
			break;
		default:
			return;
		}
	}
}

/* Everything after the name. */
static int read_rest(struct expansion *e, struct conversion *c, const char **p)
{
	read_flags(c, p);
	if (**p >= '0' && **p <= '9')
		c->width = read_number(p);
	if (**p == '.') {
		(*p)++;
		c->precision = read_number(p);
	}
	if (**p == '*')
		return badly(e, "a width of * has no number to take");
	if (c->width > WIDTH_MAX || c->precision > WIDTH_MAX)
		return badly(e, "a width is too big");
	if (**p == 'h' || **p == 'l' || **p == 'L')
		(*p)++;
	if (!**p)
		return badly(e, "incomplete format");
	c->index = (size_t)(*p - e->format);
	c->type = *(*p)++;
	return 0;
}

/* Bytes that the first max characters of UTF-8 take; *count becomes their number. */
static size_t characters(const char *text, size_t max, size_t *count)
{
	size_t n = 0;

	for (*count = 0; text[n] && *count < max; (*count)++)
		for (n++; ((unsigned char)text[n] & 0xc0) == 0x80;)
			n++;
	return n;
}

static void put_text(struct buf *out, const struct conversion *c, const char *text)
{
	size_t count, max = c->precision < 0 ? (size_t)-1 : (size_t)c->precision;
	size_t len = characters(text, max, &count);
	int pad = c->width > (int)count ? c->width - (int)count : 0;

	buf_printf(out, "%*s%.*s%*s", c->left ? 0 : pad, "", (int)len, text, c->left ? pad : 0, "");
}

/* `format` of printf with the flags of c and `suffix`; *, * take width and precision. */
static void printf_format(char format[16], const struct conversion *c, const char *suffix)
{
	snprintf(format, 16, "%%%s%s%s%s%s*.*%s", c->left ? "-" : "", c->zero ? "0" : "",
		 c->plus ? "+" : "", c->space ? " " : "", c->alternate ? "#" : "", suffix);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static int put_number(struct expansion *e, const struct conversion *c, long number)
{
	char format[16], suffix[3] = { 'l', c->type, '\0' };
	int width = c->width < 0 ? 0 : c->width;

	if (strchr("diu", c->type)) {
		suffix[1] = 'd';
		printf_format(format, c, suffix);
		buf_printf(&e->out, format, width, c->precision, number);
	} else if (strchr("oxX", c->type) && number >= 0) {
		printf_format(format, c, suffix);
		buf_printf(&e->out, format, width, c->precision, (unsigned long)number);
	} else if (strchr("eEfFgG", c->type)) {
		printf_format(format, c, suffix + 1);
		buf_printf(&e->out, format, width, c->precision, (double)number);
	} else if (c->type == 'c' && number > 0 && number < 0x80) {
		put_text(&e->out, c, (char[]){ (char)number, '\0' });
	} else {
		return badly(e, "the number cannot be shown so; use %%(name)d");
	}
	return 0;
}
#pragma GCC diagnostic pop

static int put(struct expansion *e, const struct conversion *c)
{
	struct expand_name value;

	if (!look_up(e->scope, c->name, &value))
		return unknown(e, c->name);
	if (c->type == 's') {
		char digits[32];

		snprintf(digits, sizeof(digits), "%ld", value.number);
		put_text(&e->out, c, value.text ? value.text : digits);
		return 0;
	}
	if (!strchr("diuoxXeEfFgGc", c->type))
		return badly(e, "unsupported format character '%c' (0x%x) at index %zu", c->type,
			     (unsigned char)c->type, c->index);
	if (value.text)
		return badly(e,
			     "%%%c format: a number is required, and %s is a string; use %%(%s)s",
			     c->type, c->name, c->name);
	return put_number(e, c, value.number);
}

/* *p stands behind a "%". */
static int convert(struct expansion *e, const char **p)
{
	struct conversion c = { .width = -1, .precision = -1 };
	int r;

	if (**p == '%') {
		buf_addch(&e->out, '%');
		(*p)++;
		return 0;
	}
	if (**p != '(') {
		if (!**p)
			return badly(e, "incomplete format; write %%%% for a percent sign");
		return badly(e,
			     "the %% at index %td is not followed by (NAME); write %%%% for a "
			     "percent sign",
			     *p - e->format - 1);
	}
	(*p)++;
	r = read_name(e, &c, p);
	if (r == 0)
		r = read_rest(e, &c, p);
	if (r == 0)
		r = put(e, &c);
	free(c.name);
	return r;
}

int expand(const char *format, const struct expand_scope *scope, char **ret, struct error *err)
{
	struct expansion e = { .format = format, .scope = scope, .err = err };
	const char *p = format;
	char *text;

	while (*p) {
		size_t plain = strcspn(p, "%");

		buf_add(&e.out, p, plain);
		p += plain;
		if (*p) {
			p++;
			if (convert(&e, &p) < 0) {
				buf_done(&e.out);
				return -1;
			}
		}
	}
	text = buf_steal(&e.out);
	if (!text)
		return error_set(err, "out of memory");
	*ret = text;
	return 0;
}
