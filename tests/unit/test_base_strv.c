/* test_base_strv.c - vectors of strings. */
#include "base/strv.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(null_is_empty)
{
	char **copy = strv_copy(NULL);

	ck_assert_uint_eq(strv_len(NULL), 0);
	ck_assert_ptr_null(strv_getenv(NULL, "HOME"));
	ck_assert(!strv_contains(NULL, "HOME"));
	ck_assert_ptr_nonnull(copy);
	ck_assert_ptr_null(copy[0]);
	strv_free(copy);
	strv_free(NULL);
}
END_TEST

START_TEST(add_and_take)
{
	char **strv = NULL;

	ck_assert_int_eq(strv_add(&strv, "a"), 0);
	ck_assert_int_eq(strv_take(&strv, strdup("b")), 0);
	ck_assert_int_eq(strv_take(&strv, NULL), -12 /* ENOMEM: a failed strdup() */);
	ck_assert_uint_eq(strv_len(strv), 2);
	ck_assert_str_eq(strv[0], "a");
	ck_assert_str_eq(strv[1], "b");
	ck_assert_ptr_null(strv[2]);
	strv_free(strv);
}
END_TEST

START_TEST(environment)
{
	char **env = NULL;

	ck_assert_int_eq(strv_setenv(&env, "PATH", "/bin"), 0);
	ck_assert_int_eq(strv_setenv(&env, "PATHS", "x"), 0);
	ck_assert_int_eq(strv_setenv(&env, "PATH", "a=b"), 0);
	ck_assert_int_eq(strv_setenv(&env, "EMPTY", ""), 0);
	ck_assert_uint_eq(strv_len(env), 3);
	ck_assert_str_eq(strv_getenv(env, "PATH"), "a=b");
	ck_assert_str_eq(strv_getenv(env, "PATHS"), "x");
	ck_assert_str_eq(strv_getenv(env, "EMPTY"), "");
	ck_assert_ptr_null(strv_getenv(env, "PAT"));
	ck_assert_ptr_null(strv_getenv(env, "EMPT"));
	strv_free(env);
}
END_TEST

START_TEST(copy_is_deep)
{
	char *words[] = { (char *)"one", (char *)"", (char *)"three", NULL };
	char **copy = strv_copy(words);

	ck_assert_uint_eq(strv_len(copy), 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_str_eq(copy[i], words[i]);
		ck_assert_ptr_ne(copy[i], words[i]);
	}
	strv_free(copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/strv");
	TCase *tc = tcase_create("strv");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, null_is_empty);
	tcase_add_test(tc, add_and_take);
	tcase_add_test(tc, environment);
	tcase_add_test(tc, copy_is_deep);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
