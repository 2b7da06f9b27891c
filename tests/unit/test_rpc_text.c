/* test_rpc_text.c - any bytes become text that XML can carry. */
#include "rpc/text.h"

#include "base/buf.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *data;
	size_t len;
	const char *expected;
} cases[] = {
#define CASE(data, expected)                                                                       \
	{                                                                                          \
		data, sizeof(data) - 1, expected                                                   \
	}
	CASE("plain", "plain"),
	CASE("a<b>&\"'c", "a&lt;b&gt;&amp;\"'c"),
	CASE("tab\tline\nend", "tab\tline\nend"),
	CASE("dos\r\n", "dos&#13;\n"),
	CASE("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"),
	CASE("\033[31mred", "\xe2\x90\x9b[31mred"),
	CASE("nul\0!", "nul\xe2\x90\x80!"),
	CASE("\xff\xfe", BAD BAD),
	CASE("cut \xe2\x82", "cut " BAD BAD),
	CASE("\x82\xac tail", BAD BAD " tail"),
	CASE("\xc0\xaf", BAD BAD),         /* overlong */
	CASE("\xed\xa0\x80", BAD BAD BAD), /* a surrogate */
	CASE("\xf4\x90\x80\x80", BAD BAD BAD BAD),
	CASE("\xef\xbf\xbf", BAD), /* U+FFFF is no character of XML */
	CASE("", ""),
};

START_TEST(escapes)
{
	struct buf buf = { 0 };

	text_escape(&buf, cases[_i].data, cases[_i].len);
	ck_assert_str_eq(buf_str(&buf), cases[_i].expected);
	buf_done(&buf);
}
END_TEST

START_TEST(quotes)
{
	struct buf buf = { 0 };

	text_escape_quoted(&buf, "a\"b'c<", 6);
	ck_assert_str_eq(buf_str(&buf), "a&quot;b&#39;c&lt;");
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc_text");
	TCase *tcase = tcase_create("text");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, escapes, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, quotes);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
