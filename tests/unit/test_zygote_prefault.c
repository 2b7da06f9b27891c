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
static size_t last_page = 51; /* that a model writes to, plus one */

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
		write_to(51, last_page);
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

#define SPOILT 255

/* How many exceptions the writing costs a child that has looked up `kind`; SPOILT: its memory is
 * not what it was. */
static int cost_for(const struct prefault *prefault, const char *kind)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		long before;

		prefault_apply(prefault, kind);
		for (size_t i = 0; i < PAGES * size; i++)
			if (memory[i] != 'z')
				_exit(SPOILT);
		before = faults();
		write_to(8, 40);
		write_to(50, 51);
		_exit((int)(faults() - before));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_ne(WEXITSTATUS(status), SPOILT);
	return WEXITSTATUS(status);
}

/* Linux 5.14. */
static bool kernel_can(void)
{
	return madvise(memory, size, 23 /* MADV_POPULATE_WRITE */) == 0;
}

START_TEST(older_kernels_learn_nothing)
{
	struct prefault prefault = { 0 };
	pid_t model = make_model();

	if (!kernel_can())
		ck_assert_int_eq(prefault_learn(&prefault, "web", model), -EOPNOTSUPP);
	prefault_apply(&prefault, "web");
	end(model);
	prefault_done(&prefault);
}
END_TEST

START_TEST(pages_of_the_model_are_there)
{
	struct prefault prefault = { 0 };
	pid_t model = make_model();

	if (kernel_can()) {
		ck_assert_int_ge(prefault_learn(&prefault, "web", model), 33);
		ck_assert_int_ge(cost_for(&prefault, "batch"), 33);
		/* the kernel may move a page at any time */
		ck_assert_int_le(cost_for(&prefault, "web"), 2);
	}
	end(model);
	prefault_done(&prefault);
}
END_TEST

START_TEST(the_first_model_counts)
{
	struct prefault prefault = { 0 };
	pid_t models[2] = { make_model(), make_model() };

	if (kernel_can()) {
		ck_assert_int_ge(prefault_learn(&prefault, "web", models[0]), 33);
		end(models[0]);
		ck_assert_int_eq(prefault_learn(&prefault, "web", models[1]), -EEXIST);
		ck_assert_uint_eq(prefault.nsets, 1);
		ck_assert_int_le(cost_for(&prefault, "web"), 2);
	} else {
		end(models[0]);
	}
	end(models[1]);
	prefault_done(&prefault);
}
END_TEST

/* Before it is reaped, and after: what there was of it is no model. */
START_TEST(the_dead_are_no_model)
{
	struct prefault prefault = { 0 };
	siginfo_t info;
	pid_t pid = make_model();

	kill(pid, SIGKILL);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_lt(prefault_learn(&prefault, "web", pid), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_lt(prefault_learn(&prefault, "web", pid), 0);
	ck_assert_uint_eq(prefault.nsets, 0);
	prefault_done(&prefault);
}
END_TEST

/* Kinds without end are no memory leak. */
START_TEST(there_is_a_limit)
{
	struct prefault prefault = { 0 };
	pid_t model = make_model();
	char name[32];

	for (int i = 0; kernel_can() && i < PREFAULT_KINDS_MAX; i++) {
		snprintf(name, sizeof(name), "program-%d", i);
		ck_assert_int_ge(prefault_learn(&prefault, name, model), 33);
	}
	if (kernel_can())
		ck_assert_int_eq(prefault_learn(&prefault, "one more", model), -ENOSPC);
	end(model);
	prefault_done(&prefault);
}
END_TEST

/* A worker that fills a cache of its own is no model. */
START_TEST(too_much_is_nothing)
{
	struct prefault prefault = { 0 };
	size_t len = PREFAULT_BYTES_MAX + PAGES * size;
	pid_t model;

	munmap(memory, PAGES * size);
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	(void)madvise(memory, len, MADV_NOHUGEPAGE);
	last_page = len / size;
	model = make_model();
	if (kernel_can())
		ck_assert_int_eq(prefault_learn(&prefault, "web", model), -EFBIG);
	if (kernel_can()) /* and there is no second look */
		ck_assert_int_eq(prefault_learn(&prefault, "web", model), -EEXIST);
	prefault_apply(&prefault, "web");
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
	tcase_add_test(tc, older_kernels_learn_nothing);
	tcase_add_test(tc, pages_of_the_model_are_there);
	tcase_add_test(tc, the_first_model_counts);
	tcase_add_test(tc, the_dead_are_no_model);
	tcase_add_test(tc, there_is_a_limit);
	tcase_add_test(tc, too_much_is_nothing);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
