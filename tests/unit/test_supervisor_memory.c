/* test_supervisor_memory.c - sums over smaps_rollup. */
#include "supervisor/memory.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char sample[] = "55d0a6e00000-7ffd8a5f0000 ---p 00000000 00:00 0   [rollup]\n"
			     "Rss:               65536 kB\n"
			     "Pss:               12600 kB\n"
			     "Pss_Dirty:          9000 kB\n"
			     "Shared_Clean:       2000 kB\n"
			     "Shared_Dirty:      60000 kB\n"
			     "Private_Clean:       100 kB\n"
			     "Private_Dirty:      3000 kB\n"
			     "Swap:                  0 kB\n";

START_TEST(sums)
{
	struct memory memory;

	ck_assert_int_eq(memory_parse(sample, &memory), 0);
	ck_assert_uint_eq(memory.pss_bytes, 12600u * 1024);
	ck_assert_uint_eq(memory.shared_bytes, 62000u * 1024);
	ck_assert_uint_eq(memory.forked_bytes, 60000u * 1024);
	ck_assert_uint_eq(memory.private_bytes, 3100u * 1024);
}
END_TEST

START_TEST(every_cut_is_refused)
{
	const char *last = strstr(sample, "Private_Dirty:");
	struct memory memory = { .pss_bytes = 3 };

	for (size_t len = 0; len <= (size_t)(last - sample) + strlen("Private_Dirty:"); len++) {
		char *cut = strndup(sample, len);

		ck_assert_int_eq(memory_parse(cut, &memory), -EINVAL);
		ck_assert_uint_eq(memory.pss_bytes, 3); /* untouched */
		free(cut);
	}
}
END_TEST

START_TEST(of_ourselves)
{
	struct memory memory;

	ck_assert_int_eq(memory_read(getpid(), &memory), 0);
	ck_assert_uint_gt(memory.private_bytes, 0);
	ck_assert_uint_ge(memory.pss_bytes, memory.private_bytes);
	ck_assert_uint_le(memory.pss_bytes, memory.private_bytes + memory.shared_bytes);
}
END_TEST

START_TEST(of_nobody)
{
	struct memory memory;

	ck_assert_int_eq(memory_read(0x7fffffff, &memory), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/memory");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, sums);
	tcase_add_test(tc, every_cut_is_refused);
	tcase_add_test(tc, of_ourselves);
	tcase_add_test(tc, of_nobody);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
