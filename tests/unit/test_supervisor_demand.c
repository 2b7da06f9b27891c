/* test_supervisor_demand.c - when a connection starts a process: decided from what is seen.
 * Runs in: make check. */
#include "supervisor/demand.h"

#include "base/util.h"

#include <check.h>

static const struct {
	struct demand_view view;
	enum demand_step step;
} rows[] = {
	/* nobody is there to be started */
	{ { .running = 0 }, DEMAND_NOTHING },
	{ { .running = 2, .readable = true, .was_readable = true }, DEMAND_NOTHING },
	/* nobody runs */
	{ { .asleep = 1 }, DEMAND_WATCH },
	{ { .asleep = 3, .readable = true, .was_readable = true }, DEMAND_WATCH },
	/* one is on its way */
	{ { .asleep = 1, .starting = 1 }, DEMAND_NOTHING },
	{ { .asleep = 1, .starting = 1, .readable = true, .was_readable = true }, DEMAND_NOTHING },
	{ { .asleep = 1, .running = 1, .starting = 1, .readable = true, .was_readable = true },
	  DEMAND_NOTHING },
	/* who runs keeps up with what comes, or does not */
	{ { .asleep = 1, .running = 1 }, DEMAND_NOTHING },
	{ { .asleep = 1, .running = 1, .readable = true }, DEMAND_NOTHING },
	{ { .asleep = 1, .running = 1, .was_readable = true }, DEMAND_NOTHING },
	{ { .asleep = 1, .running = 1, .readable = true, .was_readable = true }, DEMAND_START },
};

START_TEST(step)
{
	ck_assert_int_eq(demand_step(&rows[_i].view), rows[_i].step);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("demand");
	TCase *tcase = tcase_create("demand");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, step, 0, (int)ARRAY_LEN(rows));
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
