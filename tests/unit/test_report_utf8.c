/* test_report_utf8.c - what is well-formed UTF-8, and what becomes of the rest.
 * Runs in: make check. */
#include "base/util.h"
#include "report/utf8.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	const char *raw, *clean;
} cases[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\xe2\x86\x92", "\xe2\x86\x92" },
	{ "\xf0\x9f\x90\x8d", "\xf0\x9f\x90\x8d" },
	{ "\xff", "\\xff" },
	{ "a\xc3", "a\\xc3" },        /* cut off */
	{ "\x80z", "\\x80z" },        /* continuation alone */
	{ "\xc0\x80", "\\xc0\\x80" }, /* overlong NUL */
	{ "\xc1\xbf", "\\xc1\\xbf" },
	{ "\xe0\x9f\xbf", "\\xe0\\x9f\\xbf" },          /* overlong */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* surrogate */
	{ "\xed\x9f\xbf", "\xed\x9f\xbf" },             /* the last before them */
	{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" }, /* overlong */
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },     /* U+10FFFF */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond */
	{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
	{ "caf\xe9/\xc3\xa9", "caf\\xe9/\xc3\xa9" }, /* both kinds */
	{ "\xe2\x86", "\\xe2\\x86" },
};

START_TEST(escape)
{
	CLEANUP_FREE char *clean = utf8_escape(cases[_i].raw);
	CLEANUP_FREE char *again = NULL;

	ck_assert_str_eq(clean, cases[_i].clean);
	again = utf8_escape(clean);
	ck_assert_str_eq(again, clean);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/utf8");
	TCase *tc = tcase_create("utf8");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, escape, 0, ARRAY_LEN(cases));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
