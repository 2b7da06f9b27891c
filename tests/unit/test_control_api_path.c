/* test_control_api_path.c - what paths of the API name. */
#include "control/api_path.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *path;
	bool posts;
	enum api_what what;
	const char *name;
} rows[] = {
	{ "/api/v1/supervisor", false, API_SUPERVISOR, NULL },
	{ "/api/v1/zygotes", true, API_ZYGOTES, NULL },
	{ "/api/v1/usage", false, API_USAGE, NULL },
	{ "/api/v1/processes", false, API_PROCESSES, NULL },
	{ "/api/v1/processes/", false, API_NOTHING, NULL },
	{ "/api/v1/processes/web:web_0", false, API_PROCESS, "web:web_0" },
	{ "/api/v1/processes/a/stop", false, API_PROCESS, "a/stop" },
	{ "/api/v1/processes/a/stop", true, API_STOP, "a" },
	{ "/api/v1/processes/a/b/start", true, API_START, "a/b" },
	{ "/api/v1/processes/stop/restart", true, API_RESTART, "stop" },
	{ "/api/v1/processes/\"ü\n/signal", true, API_SIGNAL, "\"ü\n" },
	{ "/api/v1/processes//stop", true, API_NOTHING, NULL },
	{ "/api/v1/processes/stop", true, API_NOTHING, NULL },
	{ "/api/v1/processes/a/", true, API_NOTHING, NULL },
	{ "/api/v1/processes/a/stopped", true, API_NOTHING, NULL },
	{ "/api/v1/processesa", false, API_NOTHING, NULL },
	{ "/api/v1/zygotes/a/b/reload", true, API_RELOAD, "a/b" },
	{ "/api/v1/zygotes/a/reload", false, API_NOTHING, NULL },
	{ "/api/v1/zygotes/a/stop", true, API_NOTHING, NULL },
	{ "/api/v1/zygotes//reload", true, API_NOTHING, NULL },
	{ "/api/v1/zygotes/reload", true, API_NOTHING, NULL },
	{ "/api/v1/processes/a/reload", true, API_NOTHING, NULL },
	{ "/api/v1/rollouts", false, API_ROLLOUTS, NULL },
	{ "/api/v1/rollouts/", false, API_NOTHING, NULL },
	{ "/api/v1/rollouts/12", false, API_ROLLOUT, "12" },
	{ "/api/v1/rollouts/12/stop", true, API_NOTHING, NULL },
	{ "/api/v1/", false, API_NOTHING, NULL },
	{ "/api/v1", false, API_NOTHING, NULL },
	{ "", true, API_NOTHING, NULL },
};

START_TEST(paths)
{
	struct api_path got = api_path_read(rows[_i].path, rows[_i].posts);

	ck_assert_int_eq(got.what, rows[_i].what);
	if (!rows[_i].name) {
		ck_assert_ptr_null(got.name);
		return;
	}
	ck_assert_uint_eq(got.nname, strlen(rows[_i].name));
	ck_assert_int_eq(memcmp(got.name, rows[_i].name, got.nname), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control/api_path");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, paths, 0, sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
