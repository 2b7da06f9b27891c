/* test_base_utf8.c - well-formed sequences (RFC 3629), and what becomes of the rest. */
#include "base/buf.h"
#include "base/utf8.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	size_t length;
} rows[] = {
	{ "a", 1 },
	{ "\x7f", 1 },
	{ "\xc3\xa9x", 2 },
	{ "\xe2\x82\xac", 3 },
	{ "\xf0\x9f\x90\x8d", 4 },
	{ "\xf4\x8f\xbf\xbf", 4 }, /* U+10FFFF */
	{ "\x80", 0 },             /* a sequence's middle */
	{ "\xc0\x80", 0 },         /* overlong, these three */
	{ "\xe0\x9f\xbf", 0 },
	{ "\xf0\x8f\xbf\xbf", 0 },
	{ "\xed\xa0\x80", 0 },     /* a surrogate */
	{ "\xf4\x90\x80\x80", 0 }, /* beyond U+10FFFF */
	{ "\xf8\x88\x80\x80", 0 },
	{ "\xe2\x82", 0 }, /* not all of it */
	{ "\xe2\x82x", 0 },
};

START_TEST(length)
{
	ck_assert_uint_eq(utf8_length(rows[_i].text, strlen(rows[_i].text)), rows[_i].length);
}
END_TEST

START_TEST(cut_short)
{
	static const char snake[] = "\xf0\x9f\x90\x8d";

	for (size_t len = 0; len < 4; len++)
		ck_assert_uint_eq(utf8_length(snake, len), 0);
	ck_assert_uint_eq(utf8_length("\0", 1), 1);
}
END_TEST

START_TEST(copy)
{
	static const char text[] = "a\xe2\x82\xac\xff\xe2\x82";
	struct buf to = { 0 };

	for (size_t at = 0; at < strlen(text);)
		at += utf8_copy(&to, text + at, strlen(text) - at);
	ck_assert_str_eq(buf_str(&to), "a\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	buf_done(&to);
}
END_TEST

START_TEST(control)
{
	for (int c = 0; c < 256; c++)
		ck_assert_int_eq(utf8_is_control((char)c), c < 32 || c == 127);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/utf8");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, length, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, cut_short);
	tcase_add_test(tc, copy);
	tcase_add_test(tc, control);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
