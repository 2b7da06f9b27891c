/* test_config_event_types.c - names of events, and what a subscription brings. */
#include "config/event_types.h"

#include <check.h>
#include <stdlib.h>

#define BIT(type) (UINT32_C(1) << EVENT_##type)

START_TEST(names)
{
	for (int i = 0; i < EVENT_NTYPES; i++)
		ck_assert_int_eq(event_type_find(event_type_name((enum event_type)i)), i);
	ck_assert_int_eq(event_type_find("EVENT"), EVENT_ANY);
	ck_assert_int_eq(event_type_find("process_state_exited"), EVENT_PROCESS_STATE_EXITED);
	ck_assert_int_eq(event_type_find("PROCESS_STATE_"), -1);
	ck_assert_int_eq(event_type_find(""), -1);
	ck_assert_int_eq(event_type_find("TICK_50"), -1);
}
END_TEST

START_TEST(subscriptions)
{
	ck_assert_uint_eq(event_type_mask(EVENT_ANY), (UINT32_C(1) << EVENT_NTYPES) - 1);
	ck_assert_uint_eq(event_type_mask(EVENT_TICK_60), BIT(TICK_60));
	ck_assert_uint_eq(event_type_mask(EVENT_TICK),
			  BIT(TICK) | BIT(TICK_5) | BIT(TICK_60) | BIT(TICK_3600));
	ck_assert_uint_eq(event_type_mask(EVENT_PROCESS_LOG),
			  BIT(PROCESS_LOG) | BIT(PROCESS_LOG_STDOUT) | BIT(PROCESS_LOG_STDERR));
	ck_assert_uint_eq(event_type_mask(EVENT_PROCESS_GROUP), BIT(PROCESS_GROUP) |
									BIT(PROCESS_GROUP_ADDED) |
									BIT(PROCESS_GROUP_REMOVED));
	ck_assert_int_eq(__builtin_popcount(event_type_mask(EVENT_PROCESS_STATE)), 9);
	ck_assert_int_eq(__builtin_popcount(event_type_mask(EVENT_PROCESS_COMMUNICATION)), 3);
	ck_assert_int_eq(__builtin_popcount(event_type_mask(EVENT_SUPERVISOR_STATE_CHANGE)), 3);
	ck_assert_uint_eq(event_type_mask(EVENT_REMOTE_COMMUNICATION), BIT(REMOTE_COMMUNICATION));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("event types");
	SRunner *runner = srunner_create(suite);
	TCase *tests = tcase_create("event types");
	int failed;

	tcase_add_test(tests, names);
	tcase_add_test(tests, subscriptions);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
