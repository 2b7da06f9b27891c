/* test_supervisor_limits.c - limits as a program gets them, and what is said when it cannot. */
#include "base/error.h"
#include "config/config.h"
#include "supervisor/limits.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- in a child, which they are for ---- */

static int in_child(int (*check)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(check());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int apply_all(void)
{
	struct config_rlimit limits[] = { { RLIMIT_NOFILE, 20, 30 }, { RLIMIT_CORE, 0, 0 } };
	struct config_program program = { .rlimits = limits,
					  .nrlimits = 2,
					  .has_nice = true,
					  .nice = 7,
					  .has_oom = true,
					  .oom_score_adj = 321 };
	struct limits_failure failure;
	struct rlimit files, core;
	FILE *file;
	int score = 0;

	if (limits_apply(&program, 0, &failure) < 0)
		return 1;
	getrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_CORE, &core);
	if (files.rlim_cur != 20 || files.rlim_max != 30 || core.rlim_cur || core.rlim_max)
		return 2;
	if (getpriority(PRIO_PROCESS, 0) != 7)
		return 3;
	file = fopen("/proc/self/oom_score_adj", "r");
	return file && fscanf(file, "%d", &score) == 1 && score == 321 ? 0 : 4;
}

START_TEST(all_of_them)
{
	ck_assert_int_eq(in_child(apply_all), 0);
}
END_TEST

START_TEST(of_another_process)
{
	struct config_rlimit limit = { RLIMIT_NOFILE, 25, 26 };
	struct config_program program = { .rlimits = &limit,
					  .nrlimits = 1,
					  .has_nice = true,
					  .nice = 3,
					  .has_oom = true,
					  .oom_score_adj = 77 };
	struct limits_failure failure;
	struct rlimit files;
	pid_t pid = fork();
	char path[64];
	FILE *file;
	int score = 0, own = getpriority(PRIO_PROCESS, 0);

	if (pid == 0)
		for (;;)
			pause();
	ck_assert_int_eq(limits_apply(&program, pid, &failure), 0);
	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &files), 0);
	ck_assert_int_eq(files.rlim_cur, 25);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)pid), 3);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), own); /* not ours */
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &score), 1);
	fclose(file);
	ck_assert_int_eq(score, 77);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
END_TEST

/* ---- what is said ---- */

static const struct {
	struct limits_failure failure;
	const char *says[4];
} rows[] = {
	{ { LIMITS_OOM, EACCES, 0 },
	  { "cannot set oom_score_adj to -500", "Permission denied", "CAP_SYS_RESOURCE" } },
	{ { LIMITS_NICE, EACCES, 0 }, { "cannot set nice to -5", "CAP_SYS_NICE" } },
	{ { LIMITS_RLIMIT, EPERM, 0 },
	  { "cannot raise rlimit_core to infinity", "own hard limit is 1000", "LimitCORE=" } },
	{ { LIMITS_RLIMIT, EINVAL, 0 }, { "cannot set rlimit_core: Invalid argument" } },
};

START_TEST(explained)
{
	struct config_rlimit limit = { RLIMIT_CORE, UINT64_MAX, UINT64_MAX };
	struct config_program program = {
		.rlimits = &limit, .nrlimits = 1, .nice = -5, .oom_score_adj = -500
	};
	struct rlimit core = { 1000, 1000 };
	struct error err = { { 0 } };

	ck_assert_int_eq(setrlimit(RLIMIT_CORE, &core), 0); /* of the test's own process */
	limits_explain(&program, &rows[_i].failure, &err);
	for (size_t i = 0; rows[_i].says[i]; i++)
		ck_assert_msg(strstr(err.text, rows[_i].says[i]), "%s", err.text);
}
END_TEST

static int raise_too_far(void)
{
	struct config_rlimit limits[] = { { RLIMIT_CORE, 0, 0 }, { RLIMIT_CORE, 1, 1 } };
	struct config_program program = { .rlimits = limits, .nrlimits = 2 };
	struct limits_failure failure;

	/* with the capability it works */
	if (limits_apply(&program, 0, &failure) == 0)
		return 0;
	return failure.step == LIMITS_RLIMIT && failure.index == 1 && failure.error == EPERM ? 0
											     : 1;
}

START_TEST(names_the_limit_that_failed)
{
	ck_assert_int_eq(in_child(raise_too_far), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/limits");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, all_of_them);
	tcase_add_test(tc, of_another_process);
	tcase_add_loop_test(tc, explained, 0, 4);
	tcase_add_test(tc, names_the_limit_that_failed);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
