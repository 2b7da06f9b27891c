/* test_supervisor_metrics.c - lives of a process, and what is counted of them. */
#include "supervisor/metrics.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct metrics metrics;
static struct process_counters counters;

static void setup(void)
{
	memset(&metrics, 0, sizeof(metrics));
	memset(&counters, 0, sizeof(counters));
}

static void starts_at(int64_t asked_us, int64_t runs_us)
{
	metrics_asked(&counters, asked_us);
	metrics_started(&metrics, &counters, FORK_EXEC, runs_us);
}

static void goes(enum process_state from, enum process_state to, int64_t now_us, int status,
		 bool restarts)
{
	struct metrics_change change = {
		.from = from,
		.to = to,
		.now_us = now_us,
		.status = status,
		.had_pid = to == PROCESS_EXITED || to == PROCESS_BACKOFF || to == PROCESS_STOPPED,
		.expected = status == 0,
		.restarts = restarts,
	};

	metrics_changed(&counters, &change);
}

static uint64_t count(const struct histogram *histogram)
{
	uint64_t n = 0;

	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += histogram->counts[i];
	return n;
}

static const struct {
	int status;
	enum process_end reason;
} exits[] = {
	{ 0, END_EXPECTED },
	{ 3 << 8, END_UNEXPECTED },
	{ SIGSEGV, END_SIGNAL },
};

/* It dies, and is started again by itself. */
START_TEST(respawn)
{
	goes(PROCESS_STOPPED, PROCESS_STARTING, 0, 0, false);
	starts_at(100, 1100);
	goes(PROCESS_STARTING, PROCESS_RUNNING, 2000, 0, false);
	goes(PROCESS_RUNNING, PROCESS_EXITED, 5000, exits[_i].status, false);
	goes(PROCESS_EXITED, PROCESS_STARTING, 5000, exits[_i].status, true);
	starts_at(5000, 9000);
	ck_assert_uint_eq(counters.starts, 2);
	for (unsigned i = 0; i < END_NREASONS; i++) {
		ck_assert_uint_eq(counters.ends[i], i == exits[_i].reason);
		ck_assert_uint_eq(counters.restarts[i], i == exits[_i].reason);
	}
	ck_assert_uint_eq(count(&metrics.forks[FORK_EXEC]), 2);
	ck_assert_uint_eq(metrics.forks[FORK_EXEC].sum_us, 1000 + 4000);
	ck_assert_uint_eq(count(&metrics.forks[FORK_ZYGOTE]), 0);
	ck_assert_uint_eq(count(&metrics.respawns), 1);
	ck_assert_uint_eq(metrics.respawns.sum_us, 4000);
}
END_TEST

/* Starts that fail after a death are counted as such, and belong to the time that it is missed. */
START_TEST(failed_starts)
{
	starts_at(0, 1);
	goes(PROCESS_RUNNING, PROCESS_EXITED, 1000, 1 << 8, false);
	goes(PROCESS_EXITED, PROCESS_STARTING, 1000, 1 << 8, true);
	metrics_asked(&counters, 1000);
	goes(PROCESS_STARTING, PROCESS_BACKOFF, 2000, 0, false);
	goes(PROCESS_BACKOFF, PROCESS_STARTING, 1002000, 0, false);
	starts_at(1002000, 1003000);
	ck_assert_uint_eq(counters.ends[END_FAILED_START], 1);
	ck_assert_uint_eq(counters.restarts[END_UNEXPECTED], 1);
	ck_assert_uint_eq(counters.restarts[END_FAILED_START], 1);
	ck_assert_uint_eq(metrics.respawns.sum_us, 1002000);
}
END_TEST

/* What was stopped is not missed, nor what has ended for good and is started by somebody. */
START_TEST(asked_for)
{
	starts_at(0, 1);
	goes(PROCESS_RUNNING, PROCESS_STOPPING, 10, 0, false);
	goes(PROCESS_STOPPING, PROCESS_STOPPED, 20, SIGTERM, false);
	goes(PROCESS_STOPPED, PROCESS_STARTING, 30, SIGTERM, false);
	starts_at(30, 40);
	goes(PROCESS_RUNNING, PROCESS_EXITED, 50, 0, false);
	goes(PROCESS_EXITED, PROCESS_STARTING, 60, 0, false);
	starts_at(60, 70);
	ck_assert_uint_eq(counters.ends[END_STOPPED], 1);
	ck_assert_uint_eq(counters.ends[END_SIGNAL], 0);
	ck_assert_uint_eq(counters.ends[END_EXPECTED], 1);
	for (unsigned i = 0; i < END_NREASONS; i++)
		ck_assert_uint_eq(counters.restarts[i], 0);
	ck_assert_uint_eq(count(&metrics.respawns), 0);
}
END_TEST

/* A back-off that is called off ends nothing. */
START_TEST(called_off)
{
	struct metrics_change change = { .from = PROCESS_BACKOFF, .to = PROCESS_STOPPED };

	metrics_changed(&counters, &change);
	ck_assert_uint_eq(counters.ends[END_STOPPED], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/metrics");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, respawn, 0, sizeof(exits) / sizeof(exits[0]));
	tcase_add_test(tc, failed_starts);
	tcase_add_test(tc, asked_for);
	tcase_add_test(tc, called_off);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
