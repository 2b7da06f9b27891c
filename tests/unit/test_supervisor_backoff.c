/* test_supervisor_backoff.c - the delay after a failed start. */
#include "config/config.h"
#include "supervisor/backoff.h"

#include <check.h>
#include <limits.h>
#include <stdlib.h>

static const struct {
	enum backoff kind;
	unsigned max, failures, delay;
} rows[] = {
	{ BACKOFF_LINEAR, 0, 1, 1 },
	{ BACKOFF_LINEAR, 0, 7, 7 },
	{ BACKOFF_LINEAR, 5, 7, 5 },
	{ BACKOFF_LINEAR, 0, UINT_MAX, 1u << 20 },
	{ BACKOFF_EXPONENTIAL, 0, 1, 1 },
	{ BACKOFF_EXPONENTIAL, 0, 2, 2 },
	{ BACKOFF_EXPONENTIAL, 0, 3, 4 },
	{ BACKOFF_EXPONENTIAL, 0, 11, 1024 },
	{ BACKOFF_EXPONENTIAL, 300, 9, 256 },
	{ BACKOFF_EXPONENTIAL, 300, 10, 300 },
	{ BACKOFF_EXPONENTIAL, 300, UINT_MAX, 300 },
	{ BACKOFF_EXPONENTIAL, 0, 33, 1u << 20 }, /* not 1 << 32 */
};

START_TEST(delays)
{
	struct config_program program = { .backoff = rows[_i].kind, .backoff_max = rows[_i].max };

	ck_assert_uint_eq(backoff_delay(&program, rows[_i].failures), rows[_i].delay);
}
END_TEST

START_TEST(a_burst_then_a_rate)
{
	struct budget budget = { 0 };

	for (int i = 0; i < 3; i++)
		ck_assert_double_eq(budget_spend(&budget, 3., 2., 1000.), 0.);
	ck_assert_double_eq(budget_spend(&budget, 3., 2., 1000.), .5);
	ck_assert_double_eq(budget_spend(&budget, 3., 2., 1000.5), .5);
	ck_assert_double_eq(budget_spend(&budget, 3., 2., 1002.), 0.);
}
END_TEST

START_TEST(a_budget_is_not_saved_up)
{
	struct budget budget = { 0 };

	ck_assert_double_eq(budget_spend(&budget, 1., 1., 1.), 0.);
	ck_assert_double_eq(budget_spend(&budget, 1., 1., 100.), 0.);
	ck_assert_double_eq(budget_spend(&budget, 1., 1., 100.), 1.);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/backoff");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, delays, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, a_burst_then_a_rate);
	tcase_add_test(tc, a_budget_is_not_saved_up);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
