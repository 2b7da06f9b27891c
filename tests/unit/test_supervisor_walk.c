/* test_supervisor_walk.c - everybody is met once, in order; who moves meanwhile does no harm. */
#include "supervisor/walk.h"

#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"
#include "supervisor/zygote_link.h"
#include "supervisor/zygotes.h"

#include <check.h>
#include <stdlib.h>

static struct process processes[3];
static struct process *in_first[] = { &processes[0], &processes[1] },
		      *in_last[] = { &processes[2] };
static struct group first = { .processes = in_first, .n = 2 }, empty,
		    last = { .processes = in_last, .n = 1 };
static struct group *all_groups[] = { &first, &empty, &last };
static struct groups groups;
static struct zygote_link links[2];
static struct zygote_link *all_links[] = { &links[0], &links[1] };
static struct zygotes zygotes;
static struct walk walk;

static void set_up(void)
{
	groups = (struct groups){ .all = all_groups, .n = 3 };
	zygotes = (struct zygotes){ .all = all_links, .n = 2 };
	walk = (struct walk){ &groups, &zygotes, 0, 0, 0 };
	for (int i = 0; i < 3; i++)
		processes[i].pid = 100 + i;
	links[0].pid = 200;
	links[1].pid = 201;
}

/* The pids that are met, as many as there is room for. */
static size_t meet(pid_t *pids, size_t room)
{
	struct walk_item item;
	size_t n = 0;

	for (; n < room && walk_find(&walk, &item); walk_step(&walk))
		pids[n++] = item.pid;
	return n;
}

START_TEST(everybody_once)
{
	pid_t pids[8];

	for (int round = 0; round < 2; round++) {
		ck_assert_uint_eq(meet(pids, 8), 5);
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(pids[i], 100 + i);
		ck_assert_int_eq(pids[3], 200);
		ck_assert_int_eq(pids[4], 201);
		ck_assert_uint_eq(meet(pids, 8), 0); /* until it begins again */
		walk_begin(&walk);
	}
}
END_TEST

START_TEST(only_who_runs)
{
	pid_t pids[8];

	processes[0].pid = processes[2].pid = links[0].pid = 0;
	ck_assert_uint_eq(meet(pids, 8), 2);
	ck_assert_int_eq(pids[0], 101);
	ck_assert_int_eq(pids[1], 201);
}
END_TEST

START_TEST(what_is_found_out_is_kept_with_it)
{
	struct walk_item item;

	ck_assert(walk_find(&walk, &item));
	ck_assert_ptr_eq(item.measured, &processes[0].cost);
	ck_assert_ptr_eq(item.sample, &processes[0].sample);
	ck_assert(walk_at(&walk, &item));
	ck_assert_int_eq(item.pid, 100);
	for (int i = 0; i < 3; i++) {
		walk_step(&walk);
		ck_assert(walk_find(&walk, &item));
	}
	ck_assert_ptr_eq(item.measured, &links[0].cost);
	ck_assert_ptr_eq(item.sample, &links[0].sample);
}
END_TEST

START_TEST(they_may_disappear)
{
	struct walk_item item;

	ck_assert(walk_find(&walk, &item));
	walk_step(&walk);
	groups.n = zygotes.n = 0;
	ck_assert(!walk_at(&walk, &item));
	walk_step(&walk);
	ck_assert(!walk_find(&walk, &item));
	walk_begin(&walk);
	ck_assert(!walk_find(&walk, &item));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/walk");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, everybody_once);
	tcase_add_test(tc, only_who_runs);
	tcase_add_test(tc, what_is_found_out_is_kept_with_it);
	tcase_add_test(tc, they_may_disappear);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
