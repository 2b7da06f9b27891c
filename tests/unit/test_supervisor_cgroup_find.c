/* test_supervisor_cgroup_find.c - our own cgroup, from what /proc says. */
#include "supervisor/cgroup_find.h"

#include <check.h>
#include <stdlib.h>

#define V1_MOUNT "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
#define CPU_MOUNT "32 31 0:29 / /sys/fs/cgroup/cpu rw shared:3 - cgroup cgroup rw,cpu\n"
#define V2_MOUNT "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"

static const struct {
	const char *self, *mounts;
	enum cgroup_kind kind;
	const char *found;
} rows[] = {
	{ "4:memory:/a/b\n0::/\n", CPU_MOUNT V1_MOUNT V2_MOUNT, CGROUP_V1,
	  "/sys/fs/cgroup/memory/a/b" },
	{ "4:memory:/a/b\n0::/\n", V1_MOUNT V2_MOUNT, CGROUP_V2, "/sys/fs/cgroup/unified" },
	{ "4:cpu,memory:/a\n", "1 2 0:3 / /m rw - cgroup cgroup rw,cpu,memory\n", CGROUP_V1,
	  "/m/a" },
	{ "4:cpu:/a\n0::/x\n", V1_MOUNT, CGROUP_V1, NULL },
	{ "0::/system.slice/forkserver.service\n", "1 2 0:3 / /sys/fs/cgroup rw - cgroup2 c rw\n",
	  CGROUP_V2, "/sys/fs/cgroup/system.slice/forkserver.service" },
	{ "0::/a\n", V1_MOUNT, CGROUP_V2, NULL },
	/* a mount of a part of the hierarchy: a container */
	{ "0::/docker/abc/x\n", "1 2 0:3 /docker/abc /cg rw - cgroup2 c rw\n", CGROUP_V2, "/cg/x" },
	{ "0::/docker/abc\n", "1 2 0:3 /docker/abc /cg rw - cgroup2 c rw\n", CGROUP_V2, "/cg" },
	{ "0::/docker/abcd\n", "1 2 0:3 /docker/abc /cg rw - cgroup2 c rw\n", CGROUP_V2, NULL },
	{ "0::/../elsewhere\n", "1 2 0:3 / /cg rw - cgroup2 c rw\n", CGROUP_V2, NULL },
	{ "0::/a\n", "1 2 0:3 / /my\\040cg rw - cgroup2 c rw\n", CGROUP_V2, "/my cg/a" },
	{ "", V1_MOUNT V2_MOUNT, CGROUP_V1, NULL },
	{ "garbage\n", V1_MOUNT V2_MOUNT, CGROUP_V2, NULL },
	{ "0::/a\n", "garbage\n - \n", CGROUP_V2, NULL },
	{ "0::/a", "1 2 0:3 / /cg rw - cgroup2 c rw", CGROUP_V2, "/cg/a" },
};

START_TEST(found)
{
	char *path = cgroup_find(rows[_i].self, rows[_i].mounts, rows[_i].kind);

	ck_assert_pstr_eq(path, rows[_i].found);
	free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/cgroup_find");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, found, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
