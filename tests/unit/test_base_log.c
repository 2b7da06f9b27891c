/* test_base_log.c - the line format, the levels, and lines that are too long. */
#include "base/log.h"

#include "base/buf.h"
#include "base/fd.h"

#include <check.h>
#include <errno.h>
#include <regex.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int to, mirror;

static void set_up(void)
{
	to = memfd_create("log", MFD_CLOEXEC);
	mirror = memfd_create("mirror", MFD_CLOEXEC);
	ck_assert_int_ge(to, 0);
	ck_assert_int_ge(mirror, 0);
}

static void tear_down(void)
{
	log_open(2, -1, LEVEL_INFO);
	fd_close(&to);
	fd_close(&mirror);
}

static void contents(int fd, struct buf *buf)
{
	buf_clear(buf);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(fd_read_all(fd, buf, 1 << 20), 0);
}

START_TEST(format_of_a_line)
{
	struct buf buf = { 0 };
	regex_t line;

	log_open(to, -1, LEVEL_INFO);
	errno = ENOSPC;
	log_warn("%s is %d", "answer", 42);
	ck_assert_int_eq(errno, ENOSPC);
	contents(to, &buf);
	ck_assert_int_eq(regcomp(&line,
				 "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3} "
				 "WARN answer is 42\n$",
				 REG_EXTENDED | REG_NOSUB),
			 0);
	ck_assert_msg(regexec(&line, buf_str(&buf), 0, NULL, 0) == 0, "%s", buf_str(&buf));
	regfree(&line);
	buf_done(&buf);
}
END_TEST

START_TEST(levels_and_mirror)
{
	struct buf one = { 0 }, two = { 0 };

	log_open(to, mirror, LEVEL_ERROR);
	log_debug("not this");
	log_info("not this");
	log_warn("not this");
	log_error("first");
	log_critical("second");
	contents(to, &one);
	contents(mirror, &two);
	ck_assert_str_eq(buf_str(&one), buf_str(&two));
	ck_assert_ptr_null(strstr(buf_str(&one), "not this"));
	ck_assert_ptr_nonnull(strstr(buf_str(&one), " ERRO first\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&one), " CRIT second\n"));
	log_open(-1, -1, LEVEL_BLATHER);
	log_error("nowhere");
	buf_done(&one);
	buf_done(&two);
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	struct buf buf = { 0 };

	log_open(to, -1, LEVEL_INFO);
	log_info("%0*d", 100000, 0);
	log_info("next");
	contents(to, &buf);
	ck_assert_uint_lt(buf.len, 8400);
	ck_assert_ptr_nonnull(strstr(buf_str(&buf), "000\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&buf), " INFO next\n"));
	ck_assert_ptr_eq(memchr(buf.data, '\0', buf.len), NULL);
	buf_done(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/log");
	TCase *tc = tcase_create("log");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, format_of_a_line);
	tcase_add_test(tc, levels_and_mirror);
	tcase_add_test(tc, a_long_line_is_cut);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
