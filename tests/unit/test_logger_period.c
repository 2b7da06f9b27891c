/* test_logger_period.c - boundaries in local time, over changes to and from summer time. */
#include "logger/period.h"

#include "ipc/log_messages.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *zone, *from;
	uint32_t period;
	const char *next;
} cases[] = {
	{ "UTC", "2026-01-31 23:59:59 +0000", LOG_HOURLY, "2026-02-01 00:00:00 +0000" },
	{ "UTC", "2026-01-31 23:00:00 +0000", LOG_HOURLY, "2026-02-01 00:00:00 +0000" },
	{ "UTC", "2026-01-31 00:00:00 +0000", LOG_DAILY, "2026-02-01 00:00:00 +0000" },
	{ "UTC", "2026-12-31 12:00:00 +0000", LOG_MONTHLY, "2027-01-01 00:00:00 +0000" },
	{ "UTC", "2026-11-22 12:00:00 +0000", LOG_WEEKLY, "2026-11-23 00:00:00 +0000" },
	{ "UTC", "2026-11-23 00:00:00 +0000", LOG_WEEKLY, "2026-11-30 00:00:00 +0000" },
	{ "UTC", "2026-12-30 00:00:00 +0000", LOG_WEEKLY, "2027-01-04 00:00:00 +0000" },
	/* The day has 25 hours, the next one in spring 23; one hour comes twice. */
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 00:30:00 +0200", LOG_DAILY,
	  "2026-10-26 00:00:00 +0100" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 02:30:00 +0200", LOG_HOURLY,
	  "2026-10-25 02:00:00 +0100" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 02:30:00 +0100", LOG_HOURLY,
	  "2026-10-25 03:00:00 +0100" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 00:30:00 +0100", LOG_DAILY,
	  "2026-03-30 00:00:00 +0200" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:59:59 +0100", LOG_HOURLY,
	  "2026-03-29 03:00:00 +0200" },
	{ "<+0530>-5:30", "2026-06-01 10:15:00 +0530", LOG_HOURLY, "2026-06-01 11:00:00 +0530" },
};

static time_t utc(const char *text)
{
	struct tm tm = { 0 };
	long offset;

	ck_assert_ptr_nonnull(strptime(text, "%Y-%m-%d %H:%M:%S %z", &tm));
	offset = tm.tm_gmtoff;
	return timegm(&tm) - offset;
}

START_TEST(boundary)
{
	setenv("TZ", cases[_i].zone, 1);
	tzset();
	ck_assert_int_eq(period_next(utc(cases[_i].from), cases[_i].period), utc(cases[_i].next));
}
END_TEST

START_TEST(never)
{
	ck_assert_int_eq(period_next(1000000000, LOG_NEVER), 0);
}
END_TEST

/* Whatever the time: later, and not by more than the period. */
START_TEST(always_later)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (time_t t = 1767225600; t < 1767225600 + 400 * 86400; t += 1801) {
		ck_assert_int_gt(period_next(t, LOG_HOURLY), t);
		ck_assert_int_le(period_next(t, LOG_HOURLY), t + 3600);
		ck_assert_int_gt(period_next(t, LOG_DAILY), t);
		ck_assert_int_le(period_next(t, LOG_DAILY), t + 25 * 3600);
		ck_assert_int_gt(period_next(t, LOG_WEEKLY), t);
		ck_assert_int_le(period_next(t, LOG_WEEKLY), t + 169 * 3600);
		ck_assert_int_gt(period_next(t, LOG_MONTHLY), t);
		ck_assert_int_le(period_next(t, LOG_MONTHLY), t + 746 * 3600);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("period");
	TCase *tc = tcase_create("period");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, boundary, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, never);
	tcase_add_test(tc, always_later);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
