/* test_zygote_pages.c - what the kernel is told, and what an environment must not have. */
#include "zygote/pages.h"

#include "base/error.h"
#include "ipc/messages.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define VARIABLE "PYTHON_PYMALLOC_HUGEPAGES"
#ifndef PR_GET_MEMORY_MERGE
#define PR_GET_MEMORY_MERGE 68
#endif

/* What pages_set() has written to standard error. */
static char said[4096];

static void set(const struct zygote_setup *setup)
{
	int ends[2], saved = dup(2);
	ssize_t n;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], 2), 2);
	pages_set(setup);
	ck_assert_int_eq(dup2(saved, 2), 2);
	close(saved);
	close(ends[1]);
	n = read(ends[0], said, sizeof(said) - 1);
	ck_assert_int_ge(n, 0);
	said[n] = '\0';
	close(ends[0]);
}

/* Which of n pages this process has mapped. */
static int mapped(const char *map, size_t n, unsigned char *present)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;
	int r = fd < 0 ? -1 : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		off_t at = (off_t)((uintptr_t)map / (uintptr_t)sysconf(_SC_PAGESIZE) + i);

		if (pread(fd, &entry, sizeof(entry), at * (off_t)sizeof(entry)) != sizeof(entry))
			r = -1;
		present[i] = (unsigned char)(entry >> 63);
	}
	close(fd);
	return r;
}

START_TEST(huge_pages_are_off_unless_wanted)
{
	struct zygote_setup setup = { .name = (char *)"shop", .thp = 1 };

	ck_assert_int_eq(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
	set(&setup);
	ck_assert_int_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
	setup.thp = 0;
	set(&setup);
	ck_assert_int_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(merging_is_asked_for_or_refused)
{
	struct zygote_setup setup = { .name = (char *)"shop" };
	int before = prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0);

	set(&setup);
	ck_assert_str_eq(said, "");
	ck_assert_int_eq(prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0), before);
	setup.ksm = 1;
	set(&setup);
	if (prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0) == 1)
		ck_assert_ptr_null(strstr(said, "pages are not merged"));
	else
		ck_assert_ptr_nonnull(
			strstr(said, "forkserver: zygote 'shop': ksm = yes has no effect"));
}
END_TEST

START_TEST(huge_arenas_are_refused)
{
	static const char *const fine[] = { "", "0" };
	struct error err = { { 0 } };

	unsetenv(VARIABLE);
	ck_assert_int_eq(pages_check(&err), 0);
	for (size_t i = 0; i < 2; i++) {
		setenv(VARIABLE, fine[i], 1);
		ck_assert_int_eq(pages_check(&err), 0);
	}
	setenv(VARIABLE, "1", 1);
	ck_assert_int_eq(pages_check(&err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, VARIABLE "=1"));
	ck_assert_ptr_nonnull(strstr(err.text, "SIGBUS"));
}
END_TEST

/* A file that is mapped and has been read: nothing of it is mapped afterwards, and all is as it
 * was.  A page of it that was written to before it became read-only stays. */
START_TEST(what_files_have_is_given_back)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	FILE *file = tmpfile();
	int fd = file ? fileno(file) : -1;
	char *map = fd < 0 || ftruncate(fd, (off_t)(4 * size)) < 0
			    ? MAP_FAILED
			    : mmap(NULL, 4 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	unsigned char present[4];
	char *copy = malloc(4 * size);

	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_ptr_nonnull(copy);
	map[2 * size] ^= 1;
	memcpy(copy, map, 4 * size);
	ck_assert_int_eq(mprotect(map, 4 * size, PROT_READ), 0);
	ck_assert_uint_ge(pages_give_back(), 3 * size);
	ck_assert_int_eq(mapped(map, 4, present), 0);
	ck_assert(!present[0] && !present[1] && present[2] && !present[3]);
	ck_assert_mem_eq(map, copy, 4 * size);
	munmap(map, 4 * size);
	fclose(file);
	free(copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zygote/pages");
	TCase *tc = tcase_create("pages");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, huge_pages_are_off_unless_wanted);
	tcase_add_test(tc, merging_is_asked_for_or_refused);
	tcase_add_test(tc, huge_arenas_are_refused);
	tcase_add_test(tc, what_files_have_is_given_back);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
