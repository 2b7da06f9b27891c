/* test_supervisor_reaper.c - who is told of which death. */
#include "supervisor/reaper.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
	struct reaper_watch watch; /* first */
	int deaths;
	int status;
	bool was_unreaped;
};

static void died(struct reaper_watch *watch, int status)
{
	struct child *child = (struct child *)(void *)watch;
	siginfo_t info;

	child->deaths++;
	child->status = status;
	child->was_unreaped = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static pid_t start(int status)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (status < 0)
			raise(-status);
		_exit(status);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* Returns when that child is dead, without reaping it. */
static void await(pid_t pid)
{
	siginfo_t info;

	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

START_TEST(status_of_a_watched_child)
{
	static const int statuses[] = { 0, 7, 255, -SIGKILL, -SIGUSR1 };
	struct reaper reaper;

	reaper_init(&reaper);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct child child = { .watch = { .dead = died } };
		pid_t pid = start(statuses[i]);
		int status;

		ck_assert_int_eq(reaper_watch(&reaper, &child.watch, pid, &status), 0);
		await(pid);
		reaper_run(&reaper);
		ck_assert_int_eq(child.deaths, 1);
		ck_assert(child.was_unreaped);
		if (statuses[i] < 0) {
			ck_assert(WIFSIGNALED(child.status));
			ck_assert_int_eq(WTERMSIG(child.status), -statuses[i]);
		} else {
			ck_assert(WIFEXITED(child.status));
			ck_assert_int_eq(WEXITSTATUS(child.status), statuses[i]);
		}
		ck_assert_int_eq(waitpid(-1, &status, WNOHANG), -1); /* it was reaped */
		ck_assert_int_eq(child.watch.pid, 0);
	}
}
END_TEST

START_TEST(death_before_the_watch)
{
	struct child child = { .watch = { .dead = died } };
	struct reaper reaper;
	pid_t pid;
	int status = 0;

	reaper_init(&reaper);
	reaper_expect(&reaper);
	pid = start(9);
	await(pid);
	reaper_run(&reaper);
	ck_assert_int_eq(reaper_watch(&reaper, &child.watch, pid, &status), -ESRCH);
	ck_assert_int_eq(WEXITSTATUS(status), 9);
	ck_assert_int_eq(child.deaths, 0);
	/* a status is handed out once */
	ck_assert_int_eq(reaper_watch(&reaper, &child.watch, pid, &status), -ECHILD);
	reaper_expect_done(&reaper);
}
END_TEST

START_TEST(nothing_is_kept_unless_expected)
{
	struct child child = { .watch = { .dead = died } };
	struct reaper reaper;
	pid_t pid;
	int status;

	reaper_init(&reaper);
	pid = start(0);
	await(pid);
	reaper_run(&reaper);
	reaper_expect(&reaper);
	ck_assert_int_eq(reaper_watch(&reaper, &child.watch, pid, &status), -ECHILD);
	reaper_expect_done(&reaper);
}
END_TEST

START_TEST(lies_about_pids)
{
	struct child child = { .watch = { .dead = died } }, other = child;
	struct reaper reaper;
	pid_t pid;
	int status;

	reaper_init(&reaper);
	ck_assert_int_eq(reaper_watch(&reaper, &child.watch, 1, &status), -ECHILD);
	ck_assert_int_eq(reaper_watch(&reaper, &child.watch, 0, &status), -ECHILD);
	ck_assert_int_eq(reaper_watch(&reaper, &child.watch, -1, &status), -ECHILD);
	ck_assert_int_eq(reaper_watch(&reaper, &child.watch, getpid(), &status), -ECHILD);
	pid = start(0);
	ck_assert_int_eq(reaper_watch(&reaper, &child.watch, pid, &status), 0);
	ck_assert_int_eq(reaper_watch(&reaper, &other.watch, pid, &status), -ECHILD);
	await(pid);
	reaper_run(&reaper);
	ck_assert_int_eq(child.deaths, 1);
	ck_assert_int_eq(other.deaths, 0);
}
END_TEST

START_TEST(many_in_one_bucket)
{
	enum { N = 40 };
	struct child children[N] = { 0 };
	struct reaper reaper;
	pid_t pids[N];
	int status;

	reaper_init(&reaper);
	for (int i = 0; i < N; i++) {
		pids[i] = start(i);
		children[i].watch.dead = died;
		ck_assert_int_eq(reaper_watch(&reaper, &children[i].watch, pids[i], &status), 0);
	}
	reaper_unwatch(&reaper, &children[5].watch);
	for (int i = 0; i < N; i++)
		await(pids[i]);
	reaper_run(&reaper);
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(children[i].deaths, i != 5);
		if (i != 5)
			ck_assert_int_eq(WEXITSTATUS(children[i].status), i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/reaper");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, status_of_a_watched_child);
	tcase_add_test(tc, death_before_the_watch);
	tcase_add_test(tc, nothing_is_kept_unless_expected);
	tcase_add_test(tc, lies_about_pids);
	tcase_add_test(tc, many_in_one_bucket);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
