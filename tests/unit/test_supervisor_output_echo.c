/* test_supervisor_output_echo.c - programs' output in the main log, at level debug. */
#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "supervisor/output_echo.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int to;
static struct buf text;

static void set_up(void)
{
	to = memfd_create("log", MFD_CLOEXEC);
	ck_assert_int_ge(to, 0);
	log_open(to, -1, LEVEL_DEBUG);
}

static void tear_down(void)
{
	log_open(2, -1, LEVEL_INFO);
	fd_close(&to);
	buf_done(&text);
}

static const char *logged(void)
{
	buf_clear(&text);
	ck_assert_int_eq(lseek(to, 0, SEEK_SET), 0);
	ck_assert_int_eq(fd_read_all(to, &text, 1 << 20), 0);
	return buf_str(&text);
}

static void expect(const char *wanted)
{
	ck_assert_msg(strstr(logged(), wanted) != NULL, "no %s in %s", wanted, logged());
}

START_TEST(text_is_indented)
{
	output_echo("cat", false, "one\ntwo", 7);
	expect(" DEBG 'cat' stdout output:\n one\n two\n");
}
END_TEST

START_TEST(no_line_can_be_forged)
{
	output_echo("cat", true, "x\n2026-01-01 00:00:00,000 CRIT bad\n", 35);
	expect(" DEBG 'cat' stderr output:\n x\n 2026-01-01 00:00:00,000 CRIT bad\n");
}
END_TEST

START_TEST(other_bytes_are_shown_as_python_does)
{
	output_echo("cat", false, "\x88\n", 2);
	expect("output:\n Undecodable: b'\\x88\\n'\n");
	output_echo("cat", false, "a\0b", 3);
	expect("output:\n Undecodable: b'a\\x00b'\n");
	output_echo("cat", false, "\033[2J", 4);
	expect("output:\n Undecodable: b'\\x1b[2J'\n");
}
END_TEST

/* A character is not cut, and nothing is lost. */
START_TEST(long_output_comes_in_pieces)
{
	char data[3001];
	size_t shown = 0;

	for (size_t i = 0; i < 3000; i += 3)
		memcpy(data + i, "\xe2\x82\xac", 3);
	output_echo("cat", false, data, 3000);
	ck_assert_ptr_null(strstr(logged(), "Undecodable"));
	for (const char *at = logged(); (at = strstr(at, "\xe2\x82\xac")); at += 3)
		shown++;
	ck_assert_uint_eq(shown, 1000);
}
END_TEST

START_TEST(not_at_other_levels)
{
	log_level(LEVEL_INFO);
	output_echo("cat", false, "one\n", 4);
	ck_assert_str_eq(logged(), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor/output_echo");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, text_is_indented);
	tcase_add_test(tc, no_line_can_be_forged);
	tcase_add_test(tc, other_bytes_are_shown_as_python_does);
	tcase_add_test(tc, long_output_comes_in_pieces);
	tcase_add_test(tc, not_at_other_levels);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
