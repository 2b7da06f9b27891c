/* test_control_json.c - JSON as it is written. */
#include "control/json.h"

#include "base/buf.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	const char *text, *json;
} strings[] = {
	{ NULL, "null" },
	{ "", "\"\"" },
	{ "plain", "\"plain\"" },
	{ "a \"b\" \\ /", "\"a \\\"b\\\" \\\\ /\"" },
	{ "\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\"" },
	{ "né \xe2\x82\xac \xf0\x9f\x90\x8d", "\"né \xe2\x82\xac \xf0\x9f\x90\x8d\"" },
	{ "\xff"
	  "a\xc3",
	  "\"\xef\xbf\xbd"
	  "a\xef\xbf\xbd\"" },
	{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* a surrogate */
	{ "{", "\"{\"" },
};

START_TEST(text)
{
	struct buf to = { 0 };

	json_string(&to, strings[_i].text);
	ck_assert_str_eq(buf_str(&to), strings[_i].json);
	buf_done(&to);
}
END_TEST

/* Strings that end with a character after which no comma comes, among them. */
START_TEST(nesting)
{
	struct buf to = { 0 };

	json_object_begin(&to);
	json_key(&to, "a");
	json_array_begin(&to);
	json_string(&to, "x{");
	json_string(&to, "y,");
	json_int(&to, -1);
	json_object_begin(&to);
	json_object_end(&to);
	json_array_begin(&to);
	json_array_end(&to);
	json_array_end(&to);
	json_key(&to, "b:");
	json_bool(&to, true);
	json_key(&to, "c");
	json_null(&to);
	json_key(&to, "d");
	json_seconds(&to, 1000001);
	json_object_end(&to);
	ck_assert_str_eq(buf_str(&to),
			 "{\"a\":[\"x{\",\"y,\",-1,{},[]],\"b:\":true,\"c\":null,\"d\":1.000001}");
	buf_done(&to);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control/json");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, text, 0, sizeof(strings) / sizeof(strings[0]));
	tcase_add_test(tc, nesting);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
