/* test_zygote_prefault.c - what one child has copied, the next one copies at once. */
#include "zygote/prefault.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 64

static char *memory; /* PAGES pages, written to, and so shared with a child after fork(2) */
static size_t size;

static void setup(void)
{
	size = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, PAGES * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	(void)madvise(memory, PAGES * size, MADV_NOHUGEPAGE);
	memset(memory, 'z', PAGES * size);
}

static void write_to(size_t first, size_t last)
{
	for (size_t i = first; i < last; i++)
		((volatile char *)memory)[i * size] = 'w';
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* A child that has written to pages 8 to 39 and to page 50, and stays. */
static pid_t make_model(void)
{
	int ready[2];
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		write_to(8, 40);
		write_to(50, 51);
		if (write(ready[1], "", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* How many exceptions the writing costs a child that has looked up `program`; -1: its memory is
 * not what it was. */
static int cost_for(const struct prefault *prefault, const char *program)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long before;

		prefault_apply(prefault, program);
		for (size_t i = 0; i < PAGES * size; i++)
			if (memory[i] != 'z')
				_exit(255);
		before = faults();
		write_to(8, 40);
		write_to(50, 51);
		_exit((int)(faults() - before));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool kernel_can(void)
{
	return madvise(memory, size, 23 /* MADV_POPULATE_WRITE */) == 0;
}

START_TEST(pages_of_the_model_are_there)
{
	struct prefault prefault = { 0 };
	pid_t model = make_model();
	ssize_t n = prefault_learn(&prefault, "web", model);

	ck_assert_int_ge(n, 33);
	ck_assert_int_ge(cost_for(&prefault, "batch"), 33);
	if (kernel_can())
		ck_assert_int_eq(cost_for(&prefault, "web"), 0);
	end(model);
	prefault_done(&prefault);
}
END_TEST

/* A later model is in the place of the one before. */
START_TEST(the_last_model_counts)
{
	struct prefault prefault = { 0 };
	pid_t models[2] = { make_model(), make_model() };

	ck_assert_int_ge(prefault_learn(&prefault, "web", models[0]), 33);
	end(models[0]);
	ck_assert_int_ge(prefault_learn(&prefault, "web", models[1]), 33);
	ck_assert_uint_eq(prefault.nsets, 1);
	if (kernel_can())
		ck_assert_int_eq(cost_for(&prefault, "web"), 0);
	end(models[1]);
	prefault_done(&prefault);
}
END_TEST

START_TEST(nobody_is_no_model)
{
	struct prefault prefault = { 0 };
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(prefault_learn(&prefault, "web", pid), -ENOENT);
	ck_assert_uint_eq(prefault.nsets, 0);
	prefault_apply(&prefault, "web");
	prefault_done(&prefault);
}
END_TEST

/* Programs with names without end are no memory leak. */
START_TEST(there_is_a_limit)
{
	struct prefault prefault = { 0 };
	pid_t model = make_model();
	char name[32];

	for (int i = 0; i < PREFAULT_PROGRAMS_MAX; i++) {
		snprintf(name, sizeof(name), "program-%d", i);
		ck_assert_int_ge(prefault_learn(&prefault, name, model), 33);
	}
	ck_assert_int_eq(prefault_learn(&prefault, "one more", model), -ENOSPC);
	ck_assert_int_ge(prefault_learn(&prefault, "program-3", model), 33);
	ck_assert_uint_eq(prefault.nsets, PREFAULT_PROGRAMS_MAX);
	end(model);
	prefault_done(&prefault);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zygote/prefault");
	TCase *tc = tcase_create("prefault");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, pages_of_the_model_are_there);
	tcase_add_test(tc, the_last_model_counts);
	tcase_add_test(tc, nobody_is_no_model);
	tcase_add_test(tc, there_is_a_limit);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
