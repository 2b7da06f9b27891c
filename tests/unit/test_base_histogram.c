/* test_base_histogram.c - which bucket a duration belongs to. */
#include "base/histogram.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	int64_t us;
	unsigned bucket;
} rows[] = {
	{ -5, 0 },
	{ 0, 0 },
	{ 500, 0 },
	{ 501, 1 },
	{ 1000, 1 },
	{ 1001, 2 },
	{ 60000000, 14 },
	{ 60000001, HISTOGRAM_BOUNDS },
	{ INT64_MAX, HISTOGRAM_BOUNDS },
};

START_TEST(buckets)
{
	struct histogram histogram = { 0 };

	histogram_add(&histogram, rows[_i].us);
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		ck_assert_uint_eq(histogram.counts[i], i == rows[_i].bucket);
	ck_assert_uint_eq(histogram.sum_us, rows[_i].us < 0 ? 0 : (uint64_t)rows[_i].us);
}
END_TEST

START_TEST(bounds_grow)
{
	for (unsigned i = 1; i < HISTOGRAM_BOUNDS; i++)
		ck_assert_uint_gt(histogram_bounds_us[i], histogram_bounds_us[i - 1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/histogram");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, buckets, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, bounds_grow);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
