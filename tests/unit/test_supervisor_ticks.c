/* test_supervisor_ticks.c - slices of wall-clock time, clocks that are set, timers that are not
 * there. */
#include "supervisor/ticks.h"

#include "base/util.h"

#include <check.h>
#include <stdlib.h>

START_TEST(slices)
{
	ck_assert_int_eq(tick_slice(1790000000.0, 5), 1790000000);
	ck_assert_int_eq(tick_slice(1790000004.999, 5), 1790000000);
	ck_assert_int_eq(tick_slice(1790000005.0, 5), 1790000005);
	ck_assert_int_eq(tick_slice(1790000039.5, 60), 1789999980);
	ck_assert_int_eq(tick_slice(1790000039.5, 3600), 1789999200);
	ck_assert_int_eq(tick_slice(0., 5), 0);
	ck_assert_int_eq(tick_slice(-0.5, 5), -5);
}
END_TEST

START_TEST(next)
{
	/* all is told: the next slice */
	ck_assert(tick_next(1790000000, 1790000000.0, 5) == 1790000005.0);
	ck_assert(tick_next(1790000000, 1790000004.9, 5) == 1790000005.0);
	/* the timer's moment, or the clock was set: one way or the other */
	ck_assert(tick_next(1790000000, 1790000005.001, 5) == 1790000005.001);
	ck_assert(tick_next(1790000000, 1890000000.0, 5) == 1890000000.0);
	ck_assert(tick_next(1790000000, 1690000003.0, 5) == 1690000003.0);
}
END_TEST

static unsigned told;
static enum event_type last_type;
static int64_t last_slice;

static void due(struct ticks *ticks, enum event_type type, int64_t slice)
{
	told++;
	last_type = type;
	last_slice = slice;
	ev_break(ticks->loop, EVBREAK_ALL);
}

START_TEST(only_what_is_wanted)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	struct ticks ticks;

	ticks_init(&ticks, loop, due);
	ticks_want(&ticks, 0);
	ck_assert_int_eq(ev_run(loop, 0), 0); /* no watcher, so no wake-up: it returns */
	ticks_want(&ticks, event_type_mask(EVENT_TICK));
	for (int i = 0; i < TICKS; i++)
		ck_assert(ev_is_active(&ticks.all[i].timer));
	ticks_want(&ticks, event_type_mask(EVENT_TICK_60));
	ck_assert(ev_is_active(&ticks.all[1].timer));
	ck_assert(!ev_is_active(&ticks.all[0].timer) && !ev_is_active(&ticks.all[2].timer));
	ticks_want(&ticks, event_type_mask(EVENT_PROCESS_STATE));
	ck_assert_int_eq(ev_run(loop, 0), 0);
	ck_assert_uint_eq(told, 0);
	ev_loop_destroy(loop);
}
END_TEST

/* As if the clock had been set since the last tick. */
START_TEST(clock_is_set)
{
	static const int64_t away[] = { -36000, -5, 5, 36000 };
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	struct ticks ticks;
	int64_t now;

	ticks_init(&ticks, loop, due);
	ticks_want(&ticks, event_type_mask(EVENT_TICK_3600));
	ck_assert(ev_periodic_at(&ticks.all[2].timer) >= ev_now(loop));
	now = ticks.all[2].slice;
	ticks.all[2].slice += away[_i] * 720;
	ev_periodic_again(loop, &ticks.all[2].timer);
	ev_run(loop, 0);
	ck_assert_uint_eq(told, 1);
	ck_assert_int_eq(last_type, EVENT_TICK_3600);
	ck_assert(last_slice == now || last_slice == now + 3600);
	/* and only once: the next one is an hour away */
	ck_assert(ev_periodic_at(&ticks.all[2].timer) == (double)(last_slice + 3600));
	ev_run(loop, EVRUN_NOWAIT);
	ck_assert_uint_eq(told, 1);
	ticks_want(&ticks, 0);
	ev_loop_destroy(loop);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/ticks");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, slices);
	tcase_add_test(tc, next);
	tcase_add_test(tc, only_what_is_wanted);
	tcase_add_loop_test(tc, clock_is_set, 0, 4);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
