/* test_supervisor_sample.c - /proc/PID/stat with every kind of name, and of ourselves. */
#include "supervisor/sample.h"

#include "base/clock.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define REST " S 1 41 41 0 -1 4194560 900 0 5 0 250 150 0 0 20 0 7 0 1234 10485760 300 184467 1 1 0"

static const char *const lines[] = {
	"41 (cat)" REST,
	"41 (web: x) R 1 2 3)" REST,
	"41 ()" REST "\n",
	"41 (a (b) c) )" REST,
};

START_TEST(every_name)
{
	struct sample sample = { .pid = 9, .at_us = 8 };

	ck_assert_int_eq(sample_parse(lines[_i], &sample), 0);
	ck_assert_int_eq(sample.state, 'S');
	ck_assert_uint_eq(sample.threads, 7);
	ck_assert_uint_eq(sample.rss_bytes, 300u * (unsigned)sysconf(_SC_PAGESIZE));
	ck_assert_uint_eq(sample.cpu_us, 400u * 1000000 / (unsigned)sysconf(_SC_CLK_TCK));
	ck_assert_int_eq(sample.pid, 9);
	ck_assert_int_eq(sample.at_us, 8);
}
END_TEST

START_TEST(what_is_none)
{
	static const char *const texts[] = {
		"", "41", "41 (cat", "41 (cat) S 1 41",
		"41 (cat) S 1 41 41 0 -1 0 0 0 0 0 x 1 0 0 20 0 7 0 1 1 3"
	};
	struct sample sample = { .threads = 77 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_eq(sample_parse(texts[i], &sample), -EINVAL);
		ck_assert_uint_eq(sample.threads, 77);
	}
}
END_TEST

START_TEST(of_ourselves)
{
	struct sample sample;
	int64_t before = clock_us();

	ck_assert_int_eq(sample_read(getpid(), &sample), 0);
	ck_assert_int_eq(sample.pid, getpid());
	ck_assert_int_ge(sample.at_us, before);
	ck_assert_int_eq(sample.state, 'R');
	ck_assert_uint_eq(sample.threads, 1);
	ck_assert_uint_gt(sample.rss_bytes, 0);
	ck_assert_int_lt(sample_read(0x3fffffff, &sample), 0);
	ck_assert_int_eq(sample.pid, getpid());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/sample");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, every_name, 0, sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tc, what_is_none);
	tcase_add_test(tc, of_ourselves);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
