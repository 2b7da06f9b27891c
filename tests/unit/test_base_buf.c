/* test_base_buf.c - growing, failing and stealing. */
#include "base/buf.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(empty_is_valid)
{
	struct buf buf = { 0 };

	ck_assert_str_eq(buf_str(&buf), "");
	buf_clear(&buf);
	buf_done(&buf);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_ptr_null(buf.data);
}
END_TEST

START_TEST(appends)
{
	struct buf buf = { 0 };

	buf_addstr(&buf, "one");
	buf_addch(&buf, ' ');
	buf_add(&buf, "two\0three", 9);
	buf_printf(&buf, "%03d", 7);
	ck_assert_uint_eq(buf.len, 16);
	ck_assert_mem_eq(buf.data, "one two\0three007", 17);
	buf_add(&buf, NULL, 0);
	ck_assert_uint_eq(buf.len, 16);
	buf_clear(&buf);
	ck_assert_str_eq(buf_str(&buf), "");
	ck_assert_uint_gt(buf.cap, 0);
	buf_done(&buf);
}
END_TEST

START_TEST(grows_over_many_sizes)
{
	struct buf buf = { 0 };
	size_t total = 0;

	for (size_t n = 0; n < 300; n++) {
		char chunk[300];

		memset(chunk, (int)n, sizeof(chunk));
		buf_add(&buf, chunk, n);
		total += n;
		ck_assert_uint_eq(buf.len, total);
		ck_assert_uint_lt(buf.len, buf.cap);
		ck_assert_int_eq(buf.data[buf.len], '\0');
	}
	ck_assert_int_eq((unsigned char)buf.data[total - 1], 299 % 256);
	buf_done(&buf);
}
END_TEST

START_TEST(long_printf)
{
	struct buf buf = { 0 };

	buf_addstr(&buf, "x");
	buf_printf(&buf, "%10000d|%s", 42, "end");
	ck_assert_uint_eq(buf.len, 1 + 10000 + 4);
	ck_assert_str_eq(buf.data + 1 + 9998, "42|end");
	buf_done(&buf);
}
END_TEST

START_TEST(failure_is_sticky)
{
	struct buf buf = { 0 };

	buf_addstr(&buf, "kept");
	buf_add(&buf, "", BUF_MAX); /* refused by its length before a byte is read */
	ck_assert(buf.failed);
	buf_addstr(&buf, "lost");
	ck_assert_str_eq(buf_str(&buf), "kept");
	ck_assert_ptr_null(buf_steal(&buf));
	ck_assert(!buf.failed);
	buf_addstr(&buf, "again");
	ck_assert_str_eq(buf_str(&buf), "again");
	buf_add(&buf, "", BUF_MAX);
	buf_clear(&buf);
	ck_assert(!buf.failed);
	buf_done(&buf);
}
END_TEST

START_TEST(steal)
{
	struct buf buf = { 0 };
	char *text = buf_steal(&buf);

	ck_assert_str_eq(text, "");
	free(text);
	buf_addstr(&buf, "mine");
	text = buf_steal(&buf);
	ck_assert_str_eq(text, "mine");
	ck_assert_str_eq(buf_str(&buf), "");
	free(text);
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/buf");
	TCase *tc = tcase_create("buf");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, empty_is_valid);
	tcase_add_test(tc, appends);
	tcase_add_test(tc, grows_over_many_sizes);
	tcase_add_test(tc, long_printf);
	tcase_add_test(tc, failure_is_sticky);
	tcase_add_test(tc, steal);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
