/* test_supervisor_wait_status.c - statuses in supervisord's words. */
#include "supervisor/wait_status.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

static const struct {
	int status;
	const char *text;
} rows[] = {
	{ 0, "exit status 0" },
	{ 1 << 8, "exit status 1" },
	{ 255 << 8, "exit status 255" },
	{ SIGKILL, "terminated by SIGKILL" },
	{ SIGTERM, "terminated by SIGTERM" },
	{ SIGSEGV | 0x80, "terminated by SIGSEGV (core dumped)" },
	{ 40, "terminated by signal 40" },
};

START_TEST(words)
{
	char text[64];

	ck_assert_str_eq(wait_status_text(rows[_i].status, text, sizeof(text)), rows[_i].text);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(signal_name(SIGHUP), "SIGHUP");
	ck_assert_str_eq(signal_name(SIGWINCH), "SIGWINCH");
	ck_assert_str_eq(signal_name(0), "signal 0");
	ck_assert_str_eq(signal_name(-1), "signal -1");
	ck_assert_str_eq(signal_name(1000), "signal 1000");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/wait_status");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, words, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, names);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
