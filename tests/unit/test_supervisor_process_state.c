/* test_supervisor_process_state.c - the life cycle as a table. */
#include "supervisor/process_state.h"

#include "base/util.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct row {
	enum process_state state;
	enum process_event event;
	enum process_action action;
	enum process_state next;
};

/* Everything that may happen; whatever is not here must be ignored. */
static const struct row rows[] = {
	{ PROCESS_STOPPED, PROCESS_START, ACTION_SPAWN, PROCESS_STARTING },
	{ PROCESS_STARTING, PROCESS_SPAWNED, ACTION_LET_GO, PROCESS_STARTING },
	{ PROCESS_STARTING, PROCESS_FAILED, ACTION_BACK_OFF, PROCESS_BACKOFF },
	{ PROCESS_STARTING, PROCESS_UP, ACTION_UP, PROCESS_RUNNING },
	{ PROCESS_STARTING, PROCESS_EXIT, ACTION_BACK_OFF, PROCESS_BACKOFF },
	{ PROCESS_STARTING, PROCESS_STOP, ACTION_SIGNAL, PROCESS_STOPPING },
	{ PROCESS_STARTING, PROCESS_UNFIT, ACTION_END, PROCESS_STARTING },
	{ PROCESS_STARTING, PROCESS_DEADLINE, ACTION_KILL, PROCESS_STARTING },
	{ PROCESS_STARTING, PROCESS_UNKILLED, ACTION_LOST, PROCESS_UNKNOWN },
	{ PROCESS_RUNNING, PROCESS_EXIT, ACTION_EXITED, PROCESS_EXITED },
	{ PROCESS_RUNNING, PROCESS_STOP, ACTION_SIGNAL, PROCESS_STOPPING },
	{ PROCESS_RUNNING, PROCESS_UNFIT, ACTION_END, PROCESS_RUNNING },
	{ PROCESS_RUNNING, PROCESS_DEADLINE, ACTION_KILL, PROCESS_RUNNING },
	{ PROCESS_RUNNING, PROCESS_UNKILLED, ACTION_LOST, PROCESS_UNKNOWN },
	{ PROCESS_BACKOFF, PROCESS_RETRY, ACTION_SPAWN, PROCESS_STARTING },
	{ PROCESS_BACKOFF, PROCESS_GIVE_UP, ACTION_GIVE_UP, PROCESS_FATAL },
	{ PROCESS_BACKOFF, PROCESS_STOP, ACTION_DISARM, PROCESS_STOPPED },
	{ PROCESS_STOPPING, PROCESS_CANCELED, ACTION_CANCELED, PROCESS_STOPPED },
	{ PROCESS_STOPPING, PROCESS_EXIT, ACTION_STOPPED, PROCESS_STOPPED },
	{ PROCESS_STOPPING, PROCESS_DEADLINE, ACTION_KILL, PROCESS_STOPPING },
	{ PROCESS_STOPPING, PROCESS_UNKILLED, ACTION_LOST, PROCESS_UNKNOWN },
	{ PROCESS_EXITED, PROCESS_START, ACTION_SPAWN, PROCESS_STARTING },
	{ PROCESS_EXITED, PROCESS_RETRY, ACTION_SPAWN, PROCESS_STARTING },
	{ PROCESS_EXITED, PROCESS_STOP, ACTION_DISARM, PROCESS_EXITED },
	{ PROCESS_FATAL, PROCESS_START, ACTION_SPAWN, PROCESS_STARTING },
	{ PROCESS_UNKNOWN, PROCESS_EXIT, ACTION_STOPPED, PROCESS_STOPPED },
	{ PROCESS_UNKNOWN, PROCESS_DEADLINE, ACTION_KILL, PROCESS_STOPPING },
};

static const struct row *find_row(enum process_state state, enum process_event event)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].state == state && rows[i].event == event)
			return &rows[i];
	return NULL;
}

START_TEST(every_cell)
{
	for (int s = 0; s < PROCESS_NSTATES; s++) {
		for (int e = 0; e < PROCESS_NEVENTS; e++) {
			const struct row *row = find_row(s, e);
			const struct process_rule *rule = process_rule(s, e);

			ck_assert_msg(!row == !rule, "%s, %s: %s", process_state_name(s),
				      process_event_name(e),
				      rule ? "is not ignored" : "is ignored");
			if (!row)
				continue;
			ck_assert_msg(rule->action == row->action && rule->next == row->next,
				      "%s, %s: action %d, next %s", process_state_name(s),
				      process_event_name(e), rule->action,
				      process_state_name(rule->next));
		}
	}
}
END_TEST

/* Whatever happens, in whatever order, a process that is stopped can be started, and one that runs
 * can be stopped. */
START_TEST(no_dead_end)
{
	for (int s = 0; s < PROCESS_NSTATES; s++) {
		bool leaves = false;

		for (int e = 0; e < PROCESS_NEVENTS; e++) {
			const struct process_rule *rule = process_rule(s, e);

			leaves |= rule && (int)rule->next != s;
		}
		ck_assert_msg(leaves, "%s has no way out", process_state_name(s));
	}
}
END_TEST

START_TEST(numbers_are_supervisords)
{
	static const int codes[] = { 0, 10, 20, 30, 40, 100, 200, 1000 };

	ck_assert_uint_eq(ARRAY_LEN(codes), PROCESS_NSTATES);
	for (int s = 0; s < PROCESS_NSTATES; s++)
		ck_assert_int_eq(process_state_code(s), codes[s]);
	ck_assert_str_eq(process_state_name(PROCESS_BACKOFF), "BACKOFF");
	ck_assert_str_eq(process_event_name(PROCESS_UNKILLED), "unkilled");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/process_state");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, every_cell);
	tcase_add_test(tc, no_dead_end);
	tcase_add_test(tc, numbers_are_supervisords);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
