/* test_supervisor_meter.c - real processes are measured by the real child. */
#include "supervisor/meter.h"

#include "base/log.h"
#include "supervisor/group.h"
#include "supervisor/groups.h"
#include "supervisor/logs.h"
#include "supervisor/process.h"
#include "supervisor/zygote_link.h"
#include "supervisor/zygotes.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NPROCESSES 3
#define PRIVATE ((size_t)8 << 20)
#define NOBODY 0x3fffffff /* a pid that cannot be */

static struct ev_loop *loop;
static struct reaper reaper;
static struct logs logs;
static struct process processes[NPROCESSES];
static struct process *its[NPROCESSES];
static struct group group;
static struct group *all_groups[] = { &group };
static struct groups groups;
static struct zygote_link zygote;
static struct zygote_link *all_links[] = { &zygote };
static struct zygotes zygotes;
static struct meter meter;

/* A child that has so much memory for itself; it has it when we hear of it. */
static pid_t hold(size_t size)
{
	int ends[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char *memory = malloc(size + 1);

		if (memory)
			memset(memory, 'x', size + 1);
		if (!memory || write(ends[1], memory, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return pid;
}

static void set_up(void)
{
	struct walk all = { &groups, &zygotes, 0, 0, 0 };

	log_level(LEVEL_ERROR);
	loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
	reaper_init(&reaper);
	logs.counting = true; /* as if it was asked already: there is no logger */
	for (size_t i = 0; i < NPROCESSES; i++)
		its[i] = &processes[i];
	group = (struct group){ .processes = its, .n = NPROCESSES };
	groups = (struct groups){ .all = all_groups, .n = 1 };
	zygotes = (struct zygotes){ .all = all_links, .n = 1 };
	meter_init(&meter, loop, &reaper, &all, &logs);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void tear_down(void)
{
	pid_t child = meter.pid;

	meter_done(&meter);
	if (child) /* it sees that nobody is there any more */
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ev_loop_destroy(loop);
}

static void until(const struct measured *measured, pid_t pid)
{
	while (measured->pid != pid) {
		ev_run(loop, EVRUN_ONCE);
		reaper_run(&reaper);
	}
}

START_TEST(processes_and_zygotes)
{
	processes[0].pid = hold(PRIVATE);
	processes[2].pid = hold(0); /* [1] does not run */
	zygote.pid = hold(2 * PRIVATE);
	ck_assert_ptr_null(meter_of(&processes[0]));
	meter_want(&meter);
	until(&processes[0].cost, processes[0].pid);
	until(&processes[2].cost, processes[2].pid);
	until(&zygote.cost, zygote.pid);
	ck_assert_ptr_eq(meter_of(&processes[0]), &processes[0].cost);
	ck_assert_ptr_null(meter_of(&processes[1]));
	ck_assert_uint_ge(processes[0].cost.memory.private_bytes, PRIVATE);
	ck_assert_uint_ge(processes[0].cost.memory.pss_bytes,
			  processes[0].cost.memory.private_bytes);
	ck_assert_uint_lt(processes[2].cost.memory.private_bytes, PRIVATE);
	ck_assert_uint_ge(zygote.cost.memory.private_bytes, 2 * PRIVATE);
	ck_assert_int_gt(zygote.cost.at_us, 0);
	end(processes[0].pid);
	end(processes[2].pid);
	end(zygote.pid);
}
END_TEST

START_TEST(an_old_figure_is_not_the_next_ones)
{
	processes[0].pid = hold(0);
	meter_want(&meter);
	until(&processes[0].cost, processes[0].pid);
	ck_assert_ptr_nonnull(meter_of(&processes[0]));
	end(processes[0].pid);
	processes[0].pid = hold(0);
	ck_assert_ptr_null(meter_of(&processes[0]));
	end(processes[0].pid);
	processes[0].pid = 0;
	ck_assert_ptr_null(meter_of(&processes[0]));
}
END_TEST

START_TEST(who_cannot_be_read)
{
	processes[0].pid = NOBODY;
	processes[1].pid = hold(0);
	meter_want(&meter);
	until(&processes[1].cost, processes[1].pid);
	ck_assert_int_eq(processes[0].cost.pid, NOBODY);
	ck_assert_int_eq(processes[0].cost.error, -ENOENT);
	ck_assert_ptr_null(meter_of(&processes[0]));
	ck_assert_ptr_nonnull(meter_of(&processes[1]));
	end(processes[1].pid);
}
END_TEST

START_TEST(who_goes_while_it_is_measured)
{
	processes[0].pid = hold(0);
	processes[1].pid = hold(0);
	meter_want(&meter);
	while (meter.asked != processes[0].pid)
		ev_run(loop, EVRUN_ONCE);
	its[0] = &processes[2]; /* a reload puts another one there */
	until(&processes[1].cost, processes[1].pid);
	ck_assert_int_eq(processes[0].cost.pid, 0);
	ck_assert_int_eq(processes[2].cost.pid, 0);
	end(processes[0].pid);
	end(processes[1].pid);
}
END_TEST

START_TEST(nobody_wants_it)
{
	processes[0].pid = hold(0);
	ev_run(loop, EVRUN_NOWAIT);
	ck_assert_int_eq(meter.pid, 0);
	meter_want(&meter);
	until(&processes[0].cost, processes[0].pid);
	ck_assert_int_gt(meter.pid, 0);
	/* as if all that time was over */
	meter.wanted_ms -= (METER_IDLE_SECONDS + 1) * 1000;
	while (meter.pid) {
		ev_run(loop, EVRUN_ONCE);
		/* its death wakes nobody in this loop: SIGCHLD is the supervisor's */
		reaper_run(&reaper);
		if (meter.channel < 0 && meter.pid)
			ck_assert_int_eq(waitid(P_PID, (id_t)meter.pid, NULL, WEXITED | WNOWAIT),
					 0);
		reaper_run(&reaper);
	}
	ck_assert(!ev_is_active(&meter.timer));
	end(processes[0].pid);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/meter");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, processes_and_zygotes);
	tcase_add_test(tc, an_old_figure_is_not_the_next_ones);
	tcase_add_test(tc, who_cannot_be_read);
	tcase_add_test(tc, who_goes_while_it_is_measured);
	tcase_add_test(tc, nobody_wants_it);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
