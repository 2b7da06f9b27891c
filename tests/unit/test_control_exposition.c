/* test_control_exposition.c - Prometheus' text as it is written. */
#include "control/exposition.h"

#include "base/buf.h"
#include "base/histogram.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *value, *written;
} values[] = {
	{ "", "" },
	{ "plain, {with} all=that", "plain, {with} all=that" },
	{ "a \"b\" \\n", "a \\\"b\\\" \\\\n" },
	{ "two\nlines", "two\\nlines" },
	{ "né \xf0\x9f\x90\x8d", "né \xf0\x9f\x90\x8d" },
	{ "\xff"
	  "a\xc3",
	  "\xef\xbf\xbd"
	  "a\xef\xbf\xbd" },
};

START_TEST(escaping)
{
	struct label labels[] = { { "one", values[_i].value }, { "two", "2" } };
	struct buf to = { 0 }, wanted = { 0 };

	exposition_count(&to, "name", labels, 2, 7);
	buf_printf(&wanted, "name{one=\"%s\",two=\"2\"} 7\n", values[_i].written);
	ck_assert_str_eq(buf_str(&to), buf_str(&wanted));
	buf_done(&to);
	buf_done(&wanted);
}
END_TEST

START_TEST(samples)
{
	struct buf to = { 0 };

	exposition_family(&to, "x_total", "counter", "What it is.");
	exposition_count(&to, "x_total", NULL, 0, UINT64_MAX);
	exposition_seconds(&to, "x_seconds", NULL, 0, 2000003);
	ck_assert_str_eq(buf_str(&to), "# HELP x_total What it is.\n# TYPE x_total counter\n"
				       "x_total 18446744073709551615\nx_seconds 2.000003\n");
	buf_done(&to);
}
END_TEST

/* Buckets are cumulative, and the last one is the count. */
START_TEST(buckets)
{
	struct label label = { "kind", "exec" };
	struct histogram histogram = { 0 };
	struct buf to = { 0 };

	histogram_add(&histogram, 400);
	histogram_add(&histogram, 1000);
	histogram_add(&histogram, 90000000);
	exposition_histogram(&to, "h", &label, 1, &histogram);
	ck_assert_ptr_nonnull(strstr(buf_str(&to), "h_bucket{kind=\"exec\",le=\"0.0005\"} 1\n"
						   "h_bucket{kind=\"exec\",le=\"0.001\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&to), "h_bucket{kind=\"exec\",le=\"60\"} 2\n"
						   "h_bucket{kind=\"exec\",le=\"+Inf\"} 3\n"
						   "h_sum{kind=\"exec\"} 90.001400\n"
						   "h_count{kind=\"exec\"} 3\n"));
	buf_clear(&to);
	exposition_histogram(&to, "h", NULL, 0, &histogram);
	ck_assert_ptr_nonnull(strstr(buf_str(&to), "h_bucket{le=\"+Inf\"} 3\nh_sum 90.001400\n"));
	buf_done(&to);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control/exposition");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, escaping, 0, sizeof(values) / sizeof(values[0]));
	tcase_add_test(tc, samples);
	tcase_add_test(tc, buckets);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
