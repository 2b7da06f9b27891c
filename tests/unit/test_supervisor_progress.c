/* test_supervisor_progress.c - what each state means for those who wait for all, and the text. */
#include "supervisor/progress.h"

#include "base/buf.h"
#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config_group config = { .name = (char *)"app" };
static struct config_program program = { .name = (char *)"first" };
static struct config_program dependent = { .name = (char *)"second" };
static struct config_process its[16];
static struct process processes[16];
static char names[16][8];
static char *needs[] = { (char *)"first", NULL };
static struct groups groups;
static struct group *group;

/* A group "app" of n processes p0, p1, … that nobody has started. */
static void make(size_t n)
{
	group = calloc(1, sizeof(*group));
	ck_assert_ptr_nonnull(group);
	group->config = &config;
	group->name = strdup("app");
	group->processes = calloc(n + 1, sizeof(struct process *));
	ck_assert_int_eq(groups_add(&groups, group), 0);
	dependent.depends_on = needs;
	program.exitcodes[0] = 1; /* 0 */
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "p%zu", i);
		its[i].name = names[i];
		processes[i] = (struct process){ .config = &its[i], .program = &program };
		processes[i].group = group->name;
		group->processes[group->n++] = &processes[i];
	}
}

static void drop(void)
{
	group->n = 0; /* they are nobody's */
	groups_done(&groups);
}

START_TEST(outlooks)
{
	static const struct {
		struct process process;
		enum outlook expected;
	} table[] = {
		{ { .state = PROCESS_STOPPED }, OUTLOOK_IDLE },
		{ { .state = PROCESS_STARTING }, OUTLOOK_STARTING },
		{ { .state = PROCESS_STARTING, .backoff = 1 }, OUTLOOK_FAILING },
		{ { .state = PROCESS_STARTING, .blameless = 1 }, OUTLOOK_FAILING },
		{ { .state = PROCESS_RUNNING }, OUTLOOK_RUNNING },
		{ { .state = PROCESS_BACKOFF, .backoff = 1 }, OUTLOOK_FAILING },
		{ { .state = PROCESS_STOPPING }, OUTLOOK_STOPPING },
		{ { .state = PROCESS_EXITED }, OUTLOOK_EXITED },
		{ { .state = PROCESS_EXITED, .status = 256 }, OUTLOOK_FAILED },
		{ { .state = PROCESS_EXITED, .restarts = true }, OUTLOOK_FAILING },
		{ { .state = PROCESS_FATAL }, OUTLOOK_FAILED },
		{ { .state = PROCESS_UNKNOWN }, OUTLOOK_FAILED },
	};
	struct process process = table[_i].process;

	make(1);
	process.config = &its[0];
	process.program = &program;
	ck_assert_int_eq(progress_of(&groups, &process), table[_i].expected);
	drop();
}
END_TEST

/* p1 depends on p0. */
START_TEST(dependents)
{
	static const struct {
		enum process_state state;
		enum outlook expected;
		bool settled;
	} table[] = {
		{ PROCESS_STARTING, OUTLOOK_WAITING, false },
		{ PROCESS_BACKOFF, OUTLOOK_WAITING, false },
		{ PROCESS_FATAL, OUTLOOK_WAITING, true },
		{ PROCESS_STOPPED, OUTLOOK_WAITING, true },
		{ PROCESS_RUNNING, OUTLOOK_STARTING, false }, /* its turn comes in a moment */
	};
	struct progress progress;

	make(2);
	processes[0].state = table[_i].state;
	processes[1].state = PROCESS_STARTING;
	processes[1].held = true;
	processes[1].program = &dependent;
	progress = progress_count(&groups);
	ck_assert_int_eq(progress_of(&groups, &processes[1]), table[_i].expected);
	ck_assert_int_eq(progress_is_settled(&progress, false), table[_i].settled);
	drop();
}
END_TEST

START_TEST(settled)
{
	struct progress progress;

	make(3);
	progress = progress_count(&groups);
	ck_assert(progress_is_settled(&progress, false)); /* nothing is to be started */
	processes[0].state = PROCESS_RUNNING;
	processes[1].state = PROCESS_BACKOFF;
	progress = progress_count(&groups);
	ck_assert(!progress_is_settled(&progress, false));
	ck_assert(progress_is_settled(&progress, true));
	processes[2].state = PROCESS_STARTING;
	progress = progress_count(&groups);
	ck_assert(!progress_is_settled(&progress, true));
	drop();
}
END_TEST

START_TEST(stoppable)
{
	make(2);
	ck_assert(!progress_count(&groups).stoppable);
	processes[0].state = PROCESS_STOPPING;
	ck_assert(progress_count(&groups).stoppable);
	processes[0].slain = true;
	ck_assert(!progress_count(&groups).stoppable);
	processes[1].state = PROCESS_RUNNING; /* its turn has not come */
	ck_assert(progress_count(&groups).stoppable);
	drop();
}
END_TEST

static void expect(const char *expected)
{
	struct buf text = { 0 };

	progress_text(&text, &groups);
	ck_assert_str_eq(buf_str(&text), expected);
	buf_done(&text);
}

START_TEST(text)
{
	make(9);
	expect("9 processes: 9 not started");
	processes[0].state = PROCESS_RUNNING;
	processes[1].state = PROCESS_FATAL;
	processes[2].state = PROCESS_FATAL;
	its[2].name = group->name; /* the only one of its group is called like it */
	expect("9 processes: 1 running, 2 failed (app:p1, app), 6 not started");
	for (int i = 3; i < 9; i++)
		processes[i].state = PROCESS_STARTING;
	expect("9 processes: 1 running, 6 starting (app:p3, app:p4, app:p5, app:p6, app:p7, …), "
	       "2 failed (app:p1, app)");
	drop();
	make(1);
	processes[0].state = PROCESS_RUNNING;
	expect("1 process: 1 running");
	drop();
	make(0);
	expect("0 processes");
	drop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tcase = tcase_create("progress");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, outlooks, 0, 12);
	tcase_add_loop_test(tcase, dependents, 0, 5);
	tcase_add_test(tcase, settled);
	tcase_add_test(tcase, stoppable);
	tcase_add_test(tcase, text);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
