/* test_logger_format.c - prefixes that nobody forges, JSON that everybody can read. */
#include "logger/format.h"

#include "ipc/log_messages.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct stamp stamp;
static struct buf out;
static const struct log_stream web = {
	.group = "web", .process = "web_0", .channel = "stdout", .pid = 77
};

static void set_up(void)
{
	const struct timespec time = { 1769900399, 7999999 }; /* 2026-01-31 22:59:59 UTC */

	setenv("TZ", "CET-1", 1);
	tzset();
	stamp_set(&stamp, &time);
}

static void tear_down(void)
{
	buf_done(&out);
}

static struct line line_of(const char *text, size_t len)
{
	return (struct line){ text, len, true, true };
}

START_TEST(stamps)
{
	ck_assert_str_eq(stamp.text, "2026-01-31 23:59:59,007");
	ck_assert_str_eq(stamp.iso, "2026-01-31T23:59:59.007+01:00");
	ck_assert_str_eq(stamp.syslog, "Jan 31 23:59:59");
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	const char *as_text, *as_json;
} cases[] = {
	{ "hello", 5, "hello", "hello" },
	{ "", 0, "", "" },
	{ "dos\r", 4, "dos", "dos" },
	{ "over\rwritten", 12, "over\\x0dwritten", "over\\rwritten" },
	{ "a\0b", 3, "a\\x00b", "a\\u0000b" },
	{ "a\tb", 3, "a\tb", "a\\tb" },
	{ "\x0b\x0c\x08\x7f", 4, "\\x0b\\x0c\\x08\\x7f", "\\u000b\\f\\b\\u007f" },
	{ "\033[31mred", 8, "\033[31mred", "\\u001b[31mred" },
	{ "\"q\" \\", 5, "\"q\" \\", "\\\"q\\\" \\\\" },
	{ "\xc3\xbc \xf0\x9f\x8e\x89", 7, "\xc3\xbc \xf0\x9f\x8e\x89",
	  "\xc3\xbc \xf0\x9f\x8e\x89" },
	{ "\xff"
	  "a\xc3",
	  3,
	  "\xff"
	  "a\xc3",
	  "\xef\xbf\xbd"
	  "a\xef\xbf\xbd" },
	{ "\xed\xa0\x80", 3, "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
};

START_TEST(text)
{
	struct line line = line_of(cases[_i].text, cases[_i].len);
	char want[256];

	format_text(&out, &web, &stamp, &line);
	snprintf(want, sizeof(want), "2026-01-31 23:59:59,007 web:web_0 stdout | %s\n",
		 cases[_i].as_text);
	ck_assert_str_eq(buf_str(&out), want);
	ck_assert_uint_eq(strlen(want), out.len);
}
END_TEST

START_TEST(json)
{
	struct line line = line_of(cases[_i].text, cases[_i].len);
	char want[512];

	format_json(&out, &web, &stamp, &line);
	snprintf(want, sizeof(want),
		 "{\"time\": \"2026-01-31T23:59:59.007+01:00\", \"group\": \"web\", "
		 "\"process\": \"web_0\", \"pid\": 77, \"stream\": \"stdout\", "
		 "\"message\": \"%s\"}\n",
		 cases[_i].as_json);
	ck_assert_str_eq(buf_str(&out), want);
	ck_assert_uint_eq(strlen(want), out.len);
}
END_TEST

START_TEST(pieces)
{
	struct line line = { "one", 3, true, false };

	format_text(&out, &web, &stamp, &line);
	ck_assert_ptr_nonnull(strstr(out.data, "stdout | one\n"));
	line = (struct line){ "two", 3, false, true };
	format_text(&out, &web, &stamp, &line);
	ck_assert_ptr_nonnull(strstr(out.data, "stdout + two\n"));
	buf_clear(&out);
	format_json(&out, &web, &stamp, &line);
	ck_assert_ptr_nonnull(strstr(out.data, "\"two\", \"partial\": true}\n"));
}
END_TEST

START_TEST(syslog)
{
	struct line line = line_of("hello\nworld", 11);
	const struct log_stream main_log = { .id = LOG_MAIN };

	format_syslog(&out, &web, &stamp, &line);
	ck_assert_str_eq(buf_str(&out), "<14>Jan 31 23:59:59 forkserver: web_0 hello\\x0aworld");
	buf_clear(&out);
	format_syslog(&out, &main_log, &stamp, &line);
	ck_assert_str_eq(buf_str(&out), "<14>Jan 31 23:59:59 forkserver: hello\\x0aworld");
}
END_TEST

START_TEST(journal)
{
	struct line line = line_of("a\nb", 3);
	static const char want[] = "PRIORITY=6\n"
				   "SYSLOG_IDENTIFIER\n\5\0\0\0\0\0\0\0web_0\n"
				   "FORKSERVER_GROUP\n\3\0\0\0\0\0\0\0web\n"
				   "FORKSERVER_PROGRAM\n\5\0\0\0\0\0\0\0web_0\n"
				   "FORKSERVER_CHANNEL\n\6\0\0\0\0\0\0\0stdout\n"
				   "FORKSERVER_PID=77\n"
				   "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\n";

	format_journal(&out, &web, &stamp, &line);
	ck_assert_uint_eq(out.len, sizeof(want) - 1);
	ck_assert_mem_eq(out.data, want, out.len);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format");
	TCase *tc = tcase_create("format");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, stamps);
	tcase_add_loop_test(tc, text, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tc, json, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, pieces);
	tcase_add_test(tc, syslog);
	tcase_add_test(tc, journal);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
