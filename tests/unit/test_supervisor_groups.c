/* The order of groups, and what a name means. */
#include "supervisor/groups.h"

#include "config/config.h"
#include "supervisor/group.h"
#include "supervisor/process.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct config_group configs[8];
static struct config_process its[8];
static struct process processes[8];

/* A group of processes that are nobody's: groups_done() must not meet them. */
static struct group *add(struct groups *groups, const char *name, int priority)
{
	struct group *group = calloc(1, sizeof(*group));
	struct config_group *config = &configs[groups->n];

	ck_assert_ptr_nonnull(group);
	config->priority = priority;
	group->config = config;
	group->name = strdup(name);
	group->processes = calloc(4, sizeof(struct process *));
	ck_assert_int_eq(groups_add(groups, group), 0);
	return group;
}

static void put(struct group *group, size_t i, const char *name)
{
	its[i].name = (char *)name;
	processes[i].config = &its[i];
	group->processes[group->n++] = &processes[i];
}

START_TEST(order)
{
	static const char *const expected[] = { "early", "a", "b", "z", "late" };
	struct groups groups = { 0 };

	add(&groups, "z", 999);
	add(&groups, "late", 1000);
	add(&groups, "b", 999);
	add(&groups, "early", -1);
	add(&groups, "a", 999);
	for (size_t i = 0; i < groups.n; i++)
		ck_assert_str_eq(groups.all[i]->name, expected[i]);
	groups_remove(&groups, groups_find(&groups, "b"));
	ck_assert_uint_eq(groups.n, 4);
	ck_assert_ptr_null(groups_find(&groups, "b"));
	ck_assert_str_eq(groups.all[2]->name, "z");
	groups_done(&groups);
}
END_TEST

START_TEST(names)
{
	static const struct {
		const char *name;
		const char *group; /* NULL: not found */
		int process;       /* -1: none */
		bool whole;
	} table[] = {
		{ "web", "web", 0, false },       { "web:web", "web", 0, false },
		{ "web:two", "web", 1, false },   { "web:*", "web", -1, true },
		{ "web:", "web", -1, true },      { "web:x", "web", -1, false },
		{ "two", NULL, -1, false },       { "we", NULL, -1, false },
		{ "webb", NULL, -1, false },      { "", NULL, -1, false },
		{ ":web", NULL, -1, false },      { "many", "many", -1, false },
		{ "many:a:b", "many", 2, false },
	};
	struct groups groups = { 0 };
	struct group *web = add(&groups, "web", 999), *many = add(&groups, "many", 1);

	put(web, 0, "web");
	put(web, 1, "two");
	put(many, 2, "a:b");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct namespec found = groups_lookup(&groups, table[i].name);

		ck_assert_msg(!found.group == !table[i].group, "%s", table[i].name);
		if (found.group)
			ck_assert_str_eq(found.group->name, table[i].group);
		ck_assert_ptr_eq(found.process,
				 table[i].process < 0 ? NULL : &processes[table[i].process]);
		ck_assert_msg(found.whole == table[i].whole || !found.group, "%s", table[i].name);
	}
	web->n = many->n = 0;
	groups_done(&groups);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/groups");
	TCase *tcase = tcase_create("groups");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, order);
	tcase_add_test(tcase, names);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
