/* test_supervisor_due.c - when a process has served long enough, and when to look again.
 * Runs in: make check. */
#include "supervisor/due.h"

#include "base/util.h"
#include "config/config.h"

#include <check.h>
#include <stdlib.h>

#define MB ((uint64_t)1 << 20)
#define SECOND ((uint64_t)1000000)
#define NONE RECYCLE_NREASONS

static const struct {
	struct config_program program;
	struct due due;
	enum recycle_reason reason;
	const char *text;
} rows[] = {
	{ { .maxage = 0 }, { .age_us = 9 * SECOND, .requests = 9 }, NONE, "it is not due" },

	{ { .maxage = 10 }, { .age_us = 10 * SECOND - 1 }, NONE, NULL },
	{ { .maxage = 10 },
	  { .age_us = 10 * SECOND },
	  RECYCLE_MAXAGE,
	  "it has run for 10.0 s, maxage = 10, with jitter 10.0" },
	{ { .maxage = 10, .recycle_jitter = 50 }, { .age_us = 9 * SECOND }, NONE, NULL },
	{ { .maxage = 10, .recycle_jitter = 50 },
	  { .age_us = 8 * SECOND, .jitter = .5 },
	  RECYCLE_MAXAGE,
	  "it has run for 8.0 s, maxage = 10, with jitter 7.5" },
	{ { .maxage = 10, .recycle_jitter = 50 },
	  { .age_us = 7 * SECOND, .jitter = .5 },
	  NONE,
	  NULL },

	{ { .max_requests = 100 }, { .requests = 99 }, NONE, NULL },
	{ { .max_requests = 100 },
	  { .requests = 103 },
	  RECYCLE_MAX_REQUESTS,
	  "103 requests are done, max_requests = 100, with jitter 100" },
	{ { .max_requests = 100, .recycle_jitter = 10 },
	  { .requests = 95, .jitter = .5 },
	  RECYCLE_MAX_REQUESTS,
	  NULL },
	{ { .max_requests = 100, .recycle_jitter = 10 },
	  { .requests = 94, .jitter = .5 },
	  NONE,
	  NULL },
	/* whatever it is drawn, it may serve one */
	{ { .max_requests = 1, .recycle_jitter = 100 }, { .jitter = .999 }, NONE, NULL },
	{ { .max_requests = 1, .recycle_jitter = 100 },
	  { .jitter = .999, .requests = 1 },
	  RECYCLE_MAX_REQUESTS,
	  NULL },
	/* all that it can say */
	{ { .max_requests = UINT32_MAX }, { .requests = UINT64_MAX }, RECYCLE_MAX_REQUESTS, NULL },

	{ { .maxuss = 8 * MB }, { .measured = true, .uss = 8 * MB }, NONE, NULL },
	{ { .maxuss = 8 * MB },
	  { .measured = true, .uss = 9 * MB },
	  RECYCLE_MAXUSS,
	  "private memory of 9.0 MB is over maxuss = 8.0 MB" },
	{ { .maxuss = 8 * MB }, { .measured = false, .uss = 9 * MB }, NONE, NULL },
	{ { .maxpss = 8 * MB },
	  { .measured = true, .uss = 7 * MB, .pss = 9 * MB },
	  RECYCLE_MAXPSS,
	  NULL },
	{ { .maxrss = 8 * MB },
	  { .measured = true, .uss = 7 * MB, .pss = 8 * MB, .rss = 9 * MB },
	  RECYCLE_MAXRSS,
	  NULL },
	/* the jitter is for what all reach at the same time */
	{ { .maxuss = 8 * MB, .recycle_jitter = 50 },
	  { .measured = true, .uss = 7 * MB, .jitter = .9 },
	  NONE,
	  NULL },
};

START_TEST(reason)
{
	char text[160];

	ck_assert_int_eq(due_reason(&rows[_i].program, &rows[_i].due), rows[_i].reason);
	due_text(&rows[_i].program, &rows[_i].due, rows[_i].reason, text, sizeof(text));
	if (rows[_i].text)
		ck_assert_str_eq(text, rows[_i].text);
	ck_assert_str_ne(text, "");
}
END_TEST

static const struct {
	struct config_program program;
	struct due due;
	double seconds; /* below 0: never */
} nexts[] = {
	{ { .maxage = 0 }, { .age_us = 0 }, -1. },
	{ { .maxage = 100 }, { .age_us = 40 * SECOND }, 60. },
	{ { .maxage = 100 }, { .age_us = 100 * SECOND }, 0. },
	{ { .maxuss = 1 }, { .age_us = 0 }, DUE_SECONDS },
	{ { .maxuss = 1, .maxage = 3 }, { .age_us = 0 }, 3. },
	{ { .maxrss = 1, .maxage = 300 }, { .age_us = 0 }, DUE_SECONDS },
	{ { .max_requests = 1000 }, { .age_us = 0 }, DUE_SECONDS },
	{ { .max_requests = 1000 }, { .requests_per_second = 10. }, DUE_SECONDS },
	{ { .max_requests = 1000 }, { .requests = 900, .requests_per_second = 100. }, 1. },
	{ { .max_requests = 1000 },
	  { .requests = 999, .requests_per_second = 1e6 },
	  DUE_SECONDS_MIN },
};

START_TEST(next)
{
	double seconds = due_next(&nexts[_i].program, &nexts[_i].due);

	if (nexts[_i].seconds < 0.)
		ck_assert(seconds < 0.);
	else
		ck_assert_double_eq_tol(seconds, nexts[_i].seconds, 1e-6);
}
END_TEST

START_TEST(limits)
{
	ck_assert(!due_has_limits(&(struct config_program){ .recycle_parallel = 1 }));
	ck_assert(due_has_limits(&(struct config_program){ .maxage = 1 }));
	ck_assert(due_has_limits(&(struct config_program){ .max_requests = 1 }));
	ck_assert(due_has_limits(&(struct config_program){ .maxpss = 1 }));
	ck_assert(due_has_memory(&(struct config_program){ .maxuss = 1 }));
	ck_assert(due_has_memory(&(struct config_program){ .maxrss = 1 }));
	ck_assert(!due_has_memory(&(struct config_program){ .maxage = 1, .max_requests = 1 }));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("due");
	TCase *tcase = tcase_create("due");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, reason, 0, (int)ARRAY_LEN(rows));
	tcase_add_loop_test(tcase, next, 0, (int)ARRAY_LEN(nexts));
	tcase_add_test(tcase, limits);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
