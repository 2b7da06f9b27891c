/* types_number.c - see types.h: numbers, sizes, signals and choices. */
#include "base/buf.h"
#include "base/error.h"
#include "base/util.h"
#include "config/suggest.h"
#include "config/types.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int config_integer(const char *text, int base, long long *ret)
{
	char digits[64];
	size_t n = 0;
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	if (*text == '-' || *text == '+')
		digits[n++] = *text++;
	if (base == 8 && text[0] == '0' && (text[1] == 'o' || text[1] == 'O'))
		text += 2;
	for (; isdigit((unsigned char)*text) || (*text == '_' && isdigit((unsigned char)text[1]));
	     text++) {
		if (*text == '_' && (!n || !isdigit((unsigned char)digits[n - 1])))
			return -1;
		if (n == sizeof(digits) - 1)
			return -1;
		if (*text != '_')
			digits[n++] = *text;
	}
	digits[n] = '\0';
	while (isspace((unsigned char)*text))
		text++;
	errno = 0;
	*ret = strtoll(digits, &end, base);
	return errno || *end || *text || !n || !isdigit((unsigned char)digits[n - 1]) ? -1 : 0;
}

static int integer(const char *text, long long min, long long max, long long *ret,
		   struct error *err)
{
	if (config_integer(text, 10, ret) < 0)
		return error_set(err,
				 "invalid literal for int() with base 10: '%.100s'; write a whole "
				 "number",
				 text);
	if (*ret < min)
		return error_set(err, "%lld is too small; the least is %lld", *ret, min);
	if (*ret > max)
		return error_set(err, "%lld is too big; the most is %lld", *ret, max);
	return 0;
}

bool same_number(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(int32_t)) == 0;
}

static bool same_bool(const void *a, const void *b)
{
	return *(const bool *)a == *(const bool *)b;
}

static bool same_bytes(const void *a, const void *b)
{
	return *(const uint64_t *)a == *(const uint64_t *)b;
}

static bool same_exitcodes(const void *a, const void *b)
{
	return memcmp(a, b, 32) == 0;
}

static int parse_int(void *field, const char *text, const void *aux, struct error *err)
{
	long long value;

	(void)aux;
	if (integer(text, INT32_MIN, INT32_MAX, &value, err) < 0)
		return -1;
	*(int32_t *)field = (int32_t)value;
	return 0;
}
const struct config_type type_int = { "a whole number", parse_int, NULL, same_number };

static int parse_count(void *field, const char *text, const void *aux, struct error *err)
{
	long long value;

	(void)aux;
	if (integer(text, 0, INT32_MAX, &value, err) < 0)
		return -1;
	*(uint32_t *)field = (uint32_t)value;
	return 0;
}
const struct config_type type_count = { "a whole number, not below zero", parse_count, NULL,
					same_number };

/* The shift for a suffix of two letters, or -1. */
static int suffix_shift(const char *suffix)
{
	static const char *const units[] = { "kb", "mb", "gb" };

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcasecmp(suffix, units[i]) == 0)
			return 10 * ((int)i + 1);
	return -1;
}

static int parse_bytes(void *field, const char *text, const void *aux, struct error *err)
{
	size_t len = strlen(text);
	int shift = len > 2 ? suffix_shift(text + len - 2) : -1;
	CLEANUP_FREE char *digits = strndup(text, shift < 0 ? len : len - 2);
	long long value;

	(void)aux;
	if (!digits)
		return error_set(err, "out of memory");
	if (config_integer(digits, 10, &value) < 0) {
		if (len > 1 && strchr("kKmMgG", text[len - 1]))
			return error_set(err,
					 "invalid literal for int() with base 10: '%.100s'; write "
					 "%.100sB",
					 text, text);
		return error_set(err,
				 "invalid literal for int() with base 10: '%.100s'; write a number "
				 "of bytes or one with KB, MB or GB",
				 digits);
	}
	if (value < 0 || value > (INT64_MAX >> (shift < 0 ? 0 : shift)))
		return error_set(err, "%.100s is out of range", text);
	*(uint64_t *)field = (uint64_t)value << (shift < 0 ? 0 : shift);
	return 0;
}
const struct config_type type_bytes = { "bytes, or a number with KB, MB or GB", parse_bytes, NULL,
					same_bytes };

static int parse_octal(void *field, const char *text, const void *aux, struct error *err)
{
	long long value;

	(void)aux;
	if (config_integer(text, 8, &value) < 0)
		return error_set(
			err,
			"%.100s can not be converted to an octal type; write octal digits, "
			"as in 022",
			text);
	if (value < -1 || value > 07777)
		return error_set(err, "%.100s is out of range; the most is 07777", text);
	*(int32_t *)field = (int32_t)value;
	return 0;
}
const struct config_type type_octal = { "an octal number", parse_octal, NULL, same_number };

static int find_choice(const struct config_choice *choices, const char *text)
{
	for (int i = 0; choices[i].name; i++)
		if (strcasecmp(choices[i].name, text) == 0)
			return i;
	return -1;
}

static const struct config_choice truths[] = {
	{ "yes", true },    { "true", true }, { "on", true }, { "1", true }, { "no", false },
	{ "false", false }, { "off", false }, { "0", false }, { NULL, 0 },
};

static int parse_bool(void *field, const char *text, const void *aux, struct error *err)
{
	int found = find_choice(truths, text);

	(void)aux;
	if (found < 0)
		return error_set(err, "not a valid boolean value: '%.100s'; write true or false",
				 text);
	*(bool *)field = truths[found].value;
	return 0;
}
const struct config_type type_bool = { "true or false", parse_bool, NULL, same_bool };

static int parse_choice(void *field, const char *text, const void *aux, struct error *err)
{
	const struct config_choice *choices = aux;
	int found = find_choice(choices, text);
	struct buf list = { 0 };
	const char *near = NULL;

	if (found >= 0) {
		*(int32_t *)field = choices[found].value;
		return 0;
	}
	for (int i = 0; choices[i].name; i++) {
		buf_printf(&list, "%s%s", i ? ", " : "", choices[i].name);
		if (!near)
			near = suggest(text, &choices[i].name, 1);
	}
	if (near)
		error_set(err, "'%.100s' is none of %s; did you mean %s?", text, buf_str(&list),
			  near);
	else
		error_set(err, "'%.100s' is none of %s", text, buf_str(&list));
	buf_done(&list);
	return -1;
}
const struct config_type type_choice = { "one of some words", parse_choice, NULL, same_number };

#define SIGNAL(name)                                                                               \
	{                                                                                          \
#name, SIG##name                                                                   \
	}
static const struct config_choice signals[] = {
	SIGNAL(HUP),  SIGNAL(INT),    SIGNAL(QUIT),   SIGNAL(ILL),        SIGNAL(TRAP),
	SIGNAL(ABRT), SIGNAL(IOT),    SIGNAL(BUS),    SIGNAL(FPE),        SIGNAL(KILL),
	SIGNAL(USR1), SIGNAL(SEGV),   SIGNAL(USR2),   SIGNAL(PIPE),       SIGNAL(ALRM),
	SIGNAL(TERM), SIGNAL(STKFLT), SIGNAL(CHLD),   { "CLD", SIGCHLD }, SIGNAL(CONT),
	SIGNAL(STOP), SIGNAL(TSTP),   SIGNAL(TTIN),   SIGNAL(TTOU),       SIGNAL(URG),
	SIGNAL(XCPU), SIGNAL(XFSZ),   SIGNAL(VTALRM), SIGNAL(PROF),       SIGNAL(WINCH),
	SIGNAL(IO),   SIGNAL(POLL),   SIGNAL(PWR),    SIGNAL(SYS),        { NULL, 0 },
};

/* The real-time ones are not constants in C libraries. */
static int signal_by_name(const char *name)
{
	int found;

	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	found = find_choice(signals, name);
	if (found >= 0)
		return signals[found].value;
	if (strcasecmp(name, "RTMIN") == 0)
		return SIGRTMIN;
	return strcasecmp(name, "RTMAX") == 0 ? SIGRTMAX : -1;
}

static int parse_signal(void *field, const char *text, const void *aux, struct error *err)
{
	long long number;

	(void)aux;
	if (config_integer(text, 10, &number) < 0) {
		number = signal_by_name(text);
		if (number < 0)
			return error_set(
				err,
				"value '%.100s' is not a valid signal name; write one such "
				"as TERM, INT or QUIT",
				text);
	} else if (number < 0 || number > SIGRTMAX || (number > SIGSYS && number < SIGRTMIN)) {
		return error_set(err, "value '%.100s' is not a valid signal number", text);
	}
	*(int *)field = (int)number;
	return 0;
}
const struct config_type type_signal = { "a signal's name or number", parse_signal, NULL,
					 same_number };

static int parse_exitcodes(void *field, const char *text, const void *aux, struct error *err)
{
	uint8_t *bits = field;

	(void)aux;
	memset(bits, 0, 32);
	while (*text) {
		size_t len = strcspn(text, ",");
		CLEANUP_FREE char *word = strndup(text, len);
		long long code;

		if (!word)
			return error_set(err, "out of memory");
		if (config_integer(word, 10, &code) < 0 || code < 0 || code > 255)
			return error_set(err,
					 "not a valid list of exit codes: '%.100s' is not a number "
					 "from 0 to 255; write them as in 0,2",
					 word);
		bits[code / 8] |= (uint8_t)(1u << (code % 8));
		text += len;
		if (*text == ',' && !*++text)
			return error_set(err, "not a valid list of exit codes: it ends in a comma");
	}
	return 0;
}
const struct config_type type_exitcodes = { "exit codes separated by commas", parse_exitcodes, NULL,
					    same_exitcodes };
