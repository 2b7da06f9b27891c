/* test_base_error.c - texts are cut, never overrun, and read outside in. */
#include "base/error.h"

#include <check.h>
#include <string.h>

START_TEST(set_and_prefix)
{
	struct error err = { "" };

	ck_assert_int_eq(error_set(&err, "no such file: %s", "a.conf"), -1);
	ck_assert_str_eq(err.text, "no such file: a.conf");
	ck_assert_int_eq(error_prefix(&err, "line %d", 7), -1);
	ck_assert_str_eq(err.text, "line 7: no such file: a.conf");
	error_set(&err, "other");
	ck_assert_str_eq(err.text, "other");
}
END_TEST

START_TEST(null_is_allowed)
{
	ck_assert_int_eq(error_set(NULL, "%s", "x"), -1);
	ck_assert_int_eq(error_prefix(NULL, "%s", "x"), -1);
}
END_TEST

START_TEST(long_texts_are_cut)
{
	static const size_t lengths[] = { ERROR_TEXT_MAX - 4, ERROR_TEXT_MAX - 3,
					  ERROR_TEXT_MAX - 2, ERROR_TEXT_MAX - 1,
					  ERROR_TEXT_MAX,     2 * ERROR_TEXT_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct {
			struct error err;
			char guard[16];
		} at = { { "" }, "guard" };

		error_set(&at.err, "%0*d", (int)lengths[i], 0);
		ck_assert_uint_lt(strlen(at.err.text), ERROR_TEXT_MAX);
		error_prefix(&at.err, "%0*d", (int)lengths[i], 1);
		ck_assert_uint_lt(strlen(at.err.text), ERROR_TEXT_MAX);
		error_prefix(&at.err, "short");
		ck_assert_uint_lt(strlen(at.err.text), ERROR_TEXT_MAX);
		ck_assert_mem_eq(at.err.text, "short: 000", 10);
		ck_assert_str_eq(at.guard, "guard");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/error");
	TCase *tc = tcase_create("error");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, set_and_prefix);
	tcase_add_test(tc, null_is_allowed);
	tcase_add_test(tc, long_texts_are_cut);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
