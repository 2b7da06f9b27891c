/* test_supervisor_depends.c - what a process waits for, and who must be stopped before it. */
#include "supervisor/depends.h"

#include "config/config.h"
#include "supervisor/essential.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/process.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Groups of at most two processes of one program each; `solo` holds "app" alone.
 *
 *   db (db_0, db_1)  ◄── app ◄── web        data = the group of "cache"
 *   data (cache)     ◄────┘                 a ◄──► b, which no configuration may say
 */
enum { DB_0, DB_1, CACHE, APP, WEB, A, B, N };

static const struct {
	const char *group, *program, *name;
	const char *needs[3];
} plan[N] = {
	[DB_0] = { "db", "db", "db_0", { NULL } },
	[DB_1] = { "db", "db", "db_1", { NULL } },
	[CACHE] = { "data", "cache", "cache", { NULL } },
	[APP] = { "solo", "app", "app", { "db", "data", NULL } },
	[WEB] = { "web", "web", "web", { "app", NULL } },
	[A] = { "a", "a", "a", { "b", NULL } },
	[B] = { "b", "b", "b", { "a", NULL } },
};

static struct config_group group_configs[N];
static struct config_program programs[N];
static struct config_process configs[N];
static struct group all[N];
static struct group *list[N];
static struct process *members[N][2];
static struct process processes[N];
static struct groups groups;

static struct group *group_named(const char *name)
{
	struct group *group = groups_find(&groups, name);

	if (group)
		return group;
	group = &all[groups.n];
	group->name = (char *)name;
	group->processes = members[groups.n];
	group_configs[groups.n].name = (char *)name;
	group->config = &group_configs[groups.n];
	groups.all[groups.n++] = group;
	return group;
}

static void set_up(void)
{
	memset(processes, 0, sizeof(processes));
	memset(all, 0, sizeof(all));
	groups = (struct groups){ .all = list };
	for (size_t i = 0; i < N; i++) {
		struct group *group = group_named(plan[i].group);

		programs[i].name = (char *)plan[i].program;
		programs[i].depends_on = plan[i].needs[0] ? (char **)plan[i].needs : NULL;
		configs[i].name = (char *)plan[i].name;
		processes[i].program = &programs[i];
		processes[i].config = &configs[i];
		processes[i].group = (char *)plan[i].group;
		processes[i].state = PROCESS_RUNNING;
		group->processes[group->n++] = &processes[i];
	}
}

static const char *note_of(int which)
{
	static char note[128];

	note[0] = '\0';
	return depends_met(&groups, &processes[which], note, sizeof(note)) ? NULL : note;
}

static const struct {
	int which, changed;
	enum process_state state;
	const char *note;
} waits[] = {
	{ DB_0, DB_1, PROCESS_FATAL, NULL }, /* depends on nothing */
	{ APP, DB_1, PROCESS_RUNNING, NULL },
	{ APP, DB_1, PROCESS_STARTING, "waiting for db" },
	{ APP, DB_0, PROCESS_BACKOFF, "waiting for db" },
	{ APP, DB_0, PROCESS_FATAL, "waiting for db, which is FATAL" },
	{ APP, CACHE, PROCESS_STARTING, "waiting for data" },
	{ APP, CACHE, PROCESS_STOPPED, "waiting for data, which is STOPPED" },
	{ APP, CACHE, PROCESS_EXITED, "waiting for data, which is EXITED" },
	{ WEB, APP, PROCESS_STARTING, "waiting for app" }, /* by the program's name */
	{ WEB, DB_0, PROCESS_STARTING, NULL },             /* not its own affair */
	{ A, B, PROCESS_STARTING, "waiting for b" },
};

START_TEST(what_it_waits_for)
{
	processes[waits[_i].changed].state = waits[_i].state;
	ck_assert_pstr_eq(note_of(waits[_i].which), waits[_i].note);
}
END_TEST

START_TEST(the_worst_is_said)
{
	processes[DB_0].state = PROCESS_FATAL;
	processes[DB_1].state = PROCESS_STARTING;
	ck_assert_str_eq(note_of(APP), "waiting for db, which is FATAL");
	processes[DB_0].state = PROCESS_STARTING;
	processes[DB_1].state = PROCESS_FATAL;
	ck_assert_str_eq(note_of(APP), "waiting for db, which is FATAL");
}
END_TEST

START_TEST(a_restart_is_no_end)
{
	processes[CACHE].state = PROCESS_EXITED;
	processes[CACHE].restarts = true;
	ck_assert_str_eq(note_of(APP), "waiting for data");
}
END_TEST

START_TEST(gone_for_good)
{
	groups_find(&groups, "data")->n = 0;
	ck_assert_str_eq(note_of(APP), "waiting for data, which is not there");
}
END_TEST

START_TEST(who_goes_first)
{
	ck_assert(!depends_needed(&groups, &processes[WEB], DEPENDS_ALL));
	ck_assert(depends_needed(&groups, &processes[APP], DEPENDS_ALL));
	ck_assert(depends_needed(&groups, &processes[DB_1], DEPENDS_ALL));
	processes[WEB].state = PROCESS_STOPPED;
	ck_assert(!depends_needed(&groups, &processes[APP], DEPENDS_ALL));
	ck_assert(depends_needed(&groups, &processes[CACHE], DEPENDS_ALL));
	processes[APP].state = PROCESS_FATAL;
	ck_assert(!depends_needed(&groups, &processes[CACHE], DEPENDS_ALL));
	/* a circle: each is needed, so the one who asks must break it */
	ck_assert(depends_needed(&groups, &processes[A], DEPENDS_ALL));
	ck_assert(depends_needed(&groups, &processes[B], DEPENDS_ALL));
}
END_TEST

START_TEST(only_what_is_stopped_too)
{
	ck_assert(!depends_needed(&groups, &processes[DB_0], DEPENDS_CONDEMNED));
	processes[APP].condemned = true;
	ck_assert(depends_needed(&groups, &processes[DB_0], DEPENDS_CONDEMNED));
	processes[APP].condemned = false;
	processes[APP].state = PROCESS_STOPPING;
	ck_assert(depends_needed(&groups, &processes[DB_0], DEPENDS_CONDEMNED));
}
END_TEST

static const struct {
	enum process_state state;
	bool essential, restarts, condemned;
	int status;
	bool ends;
	int exit_status;
} ends[] = {
	{ PROCESS_EXITED, true, false, false, 3 << 8, true, 3 },
	{ PROCESS_EXITED, true, false, false, 0, true, 0 },
	{ PROCESS_EXITED, true, false, false, 9, true, 137 },
	{ PROCESS_EXITED, true, false, false, 0x80 | 11, true, 139 },
	{ PROCESS_EXITED, true, true, false, 0, false, 0 },
	{ PROCESS_EXITED, true, false, true, 0, false, 0 }, /* somebody has asked it to stop */
	{ PROCESS_EXITED, false, false, false, 0, false, 0 },
	{ PROCESS_FATAL, true, false, false, 3 << 8, true, 1 },
	{ PROCESS_BACKOFF, true, false, false, 3 << 8, false, 0 },
	{ PROCESS_STOPPED, true, false, false, 0, false, 0 },
};

START_TEST(essential)
{
	struct config_program program = { .essential = ends[_i].essential };
	struct process process = { .program = &program,
				   .state = ends[_i].state,
				   .restarts = ends[_i].restarts,
				   .condemned = ends[_i].condemned,
				   .status = ends[_i].status };

	ck_assert_int_eq(essential_ended(&process), ends[_i].ends);
	if (ends[_i].ends)
		ck_assert_int_eq(essential_status(&process), ends[_i].exit_status);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/depends");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_loop_test(tc, what_it_waits_for, 0, (int)(sizeof(waits) / sizeof(waits[0])));
	tcase_add_test(tc, the_worst_is_said);
	tcase_add_test(tc, a_restart_is_no_end);
	tcase_add_test(tc, gone_for_good);
	tcase_add_test(tc, who_goes_first);
	tcase_add_test(tc, only_what_is_stopped_too);
	tcase_add_loop_test(tc, essential, 0, (int)(sizeof(ends) / sizeof(ends[0])));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
