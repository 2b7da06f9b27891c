/* test_base_cpus.c - CPUs to use: quotas of cgroups, and what the process may run on.
 * Runs in: make check. */
#include "base/cpus.h"

#include "base/fd.h"
#include "base/util.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *text;
	unsigned cpus;
} quotas[] = {
	{ "max 100000\n", 0 },
	{ "100000 100000\n", 1 },
	{ "150000 100000\n", 2 },
	{ "1000 100000\n", 1 },
	{ "800000 100000\n", 8 },
	{ "0 100000\n", 1 },
	{ "100000 0\n", 0 },
	{ "", 0 },
	{ "100000\n", 0 },
	{ "x\n", 0 },
	{ "18446744073709551615 1", 0 },
};

START_TEST(quota)
{
	ck_assert_uint_eq(cpus_of_quota(quotas[_i].text), quotas[_i].cpus);
}
END_TEST

static void write_quota(const char *directory, const char *path, const char *text)
{
	char name[256];
	CLEANUP_FD int fd = -1;

	snprintf(name, sizeof(name), "%s%s", directory, path);
	(void)mkdir(name, 0700);
	snprintf(name, sizeof(name), "%s%s/cpu.max", directory, path);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

START_TEST(the_least_quota_counts)
{
	char directory[] = "/tmp/test-cpus-XXXXXX", command[64];

	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_uint_eq(cpus_of_cgroup(directory, "/"), 0);
	write_quota(directory, "/a", "max 100000\n");
	write_quota(directory, "/a/b", "400000 100000\n");
	ck_assert_uint_eq(cpus_of_cgroup(directory, "/a"), 0);
	ck_assert_uint_eq(cpus_of_cgroup(directory, "/a/b"), 4);
	ck_assert_uint_eq(cpus_of_cgroup(directory, "/a/b/c"), 4); /* it has no file */
	write_quota(directory, "/a", "300000 100000\n");
	ck_assert_uint_eq(cpus_of_cgroup(directory, "/a/b"), 3);
	write_quota(directory, "", "200000 100000\n"); /* as a container sees its own */
	ck_assert_uint_eq(cpus_of_cgroup(directory, "/"), 2);
	ck_assert_uint_eq(cpus_of_cgroup(directory, "/a/b"), 2);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(affinity_counts)
{
	cpu_set_t before, one;
	unsigned all = cpus_usable();

	ck_assert_uint_ge(all, 1);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	ck_assert_uint_le(all, (unsigned)CPU_COUNT(&before));
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	ck_assert_uint_eq(cpus_usable(), 1);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(before), &before), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpus");
	TCase *tcase = tcase_create("cpus");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, quota, 0, (int)ARRAY_LEN(quotas));
	tcase_add_test(tcase, the_least_quota_counts);
	tcase_add_test(tcase, affinity_counts);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
