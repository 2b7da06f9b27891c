/* test_report_text.c - the report for people: what must be in it, and what must never be.
 * Runs in: make check. */
#include "report_sample.h"

#include "base/error.h"
#include "report/text.h"

#include <stdio.h>
#include <stdlib.h>

static char *render(const struct report *report, bool color)
{
	CLEANUP_FREE char *json = report_json(report);
	struct error err = { "" };
	char *text = report_text(json, strlen(json), color, &err);

	ck_assert_msg(text, "%s", err.text);
	return text;
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part), "no \"%s\" in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
	ck_assert_msg(!strstr(text, part), "\"%s\" in:\n%s", part, text);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

START_TEST(a_violation)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	sample_log(&report);
	ck_assert_int_eq(report_judge(&report, NULL, 0, NULL), 0);
	text = render(&report, false);
	has(text, "Audit of shop.wsgi for zygote shop (Python 3.11.2)\n");
	has(text, "1. fd 7 (file): /var/log/shop.log\n"
		  "   O_WRONLY|O_CLOEXEC, made by openat() in thread MainThread\n"
		  "   at /srv/shop/log.py:12 in setup\n");
	has(text, "Traceback (most recent call last):\n"
		  "  File \"/srv/shop/wsgi.py\", line 3, in <module>\n"
		  "    import log\n"
		  "  File \"/srv/shop/log.py\", line 12, in setup\n"
		  "    FileHandler(path)\n"
		  "  File \"/usr/lib/python3.11/logging/__init__.py\", line 1181, in "
		  "FileHandler._open\n"
		  "    return open_func(self.baseFilename)\n");
	has(text, "delay=True");
	has(text, "To accept it: allow = file:/var/log/shop.log at /srv/shop/log.py:12 reopen\n");
	has(text, "1 violation: ");
	has(text, "nothing is forked");
	has_not(text, "\033");
	report_done(&report);
}
END_TEST

/* Long advice is wrapped, the rule is not. */
START_TEST(hint_is_wrapped)
{
	struct report report;
	struct finding *finding;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	finding = sample_log(&report);
	finding->hint =
		strdup("one two three four five six seven eight nine ten eleven twelve "
		       "thirteen fourteen fifteen sixteen seventeen\nTo accept it: allow = one "
		       "two three four five six seven eight nine ten eleven twelve thirteen "
		       "fourteen fifteen sixteen");
	text = render(&report, false);
	has(text, "   one two three four five six seven eight nine ten eleven twelve thirteen "
		  "fourteen fifteen sixteen\n   seventeen\n   To accept it: allow = one two three "
		  "four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
		  "sixteen\n\n");
	report_done(&report);
}
END_TEST

START_TEST(lineage)
{
	struct report report;
	struct report_origin *origin;
	struct finding *finding;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	finding = sample_log(&report);
	origin = report_add_origin(finding, 5, "openat");
	sample_frame(&origin->stack, "/srv/shop/first.py", 9, "g", "os.open(p)");
	origin = report_add_origin(finding, -1, NULL);
	text = render(&report, false);
	has(text, "fd 7 is a copy of fd 5, which openat() made:\n"
		  "Traceback (most recent call last):\n"
		  "  File \"/srv/shop/first.py\", line 9, in g\n");
	has(text, "fd 5 is a copy of an fd of another process.\n");
	report_done(&report);
}
END_TEST

START_TEST(the_same_place_once)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	for (int i = 0; i < 16; i++) {
		struct finding *finding = sample_add(&report, "thread", NULL, "worker");

		finding->pid = 100 + i;
		sample_frame(&finding->stack, "/srv/shop/pool.py", 7, "start", "t.start()");
	}
	sample_log(&report);
	text = render(&report, false);
	ck_assert_uint_eq(count(text, "pool.py\", line 7"), 1);
	has(text, "1. thread 100: worker\n");
	has(text, "16. thread 115: worker\n   made at the same place as 1\n");
	has(text, "17. fd 7");
	has(text, "17 violations: ");
	report_done(&report);
}
END_TEST

/* As Python does it: three times, then a count. */
START_TEST(recursion_is_cut)
{
	struct report report;
	struct finding *finding;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	finding = sample_add(&report, "fd", "file", "/x");
	sample_frame(&finding->stack, "/srv/a.py", 1, "<module>", "f()");
	for (int i = 0; i < 500; i++)
		sample_frame(&finding->stack, "/srv/a.py", 2, "f", "f()");
	sample_frame(&finding->stack, "/srv/a.py", 3, "f", "open(p)");
	text = render(&report, false);
	ck_assert_uint_eq(count(text, "line 2, in f"), 3);
	has(text,
	    "  [Previous line repeated 497 more times]\n  File \"/srv/a.py\", line 3, in f\n");
	report_done(&report);
}
END_TEST

START_TEST(allowed_unused_known)
{
	struct report report;
	struct finding *finding;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	finding = sample_log(&report);
	finding->rule = strdup("file reopen");
	finding->action = RULE_REOPEN;
	finding = sample_add(&report, "fd", "pipe", "pipe:[1]");
	finding->baseline = true;
	ck_assert_int_eq(strv_add(&report.unused_rules, "socket:x"), 0);
	ck_assert_int_eq(report_note(&report, "ptrace is %s", "slow here"), 0);
	text = render(&report, false);
	has(text,
	    "allowed: fd 7 (file): /var/log/shop.log at /srv/shop/log.py:12 in setup; workers "
	    "reopen it [file reopen]\n");
	has(text, "unused rule: socket:x");
	has(text, "note: ptrace is slow here\n");
	has(text, "baseline: 1 known violation is excused\n");
	has(text, "Nothing new");
	has_not(text, "nothing is forked");
	has_not(text, "pipe:[1]");
	report_done(&report);
}
END_TEST

START_TEST(clean)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	text = render(&report, false);
	has(text, "The import took 0.61 s and made 1928 file descriptors.\n");
	has(text, "Clean: ");
	has_not(text, "violation");
	report_done(&report);
}
END_TEST

START_TEST(warn_only)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	report.policy = strdup("warn");
	sample_log(&report);
	text = render(&report, false);
	has(text, "forked all the same");
	has_not(text, "nothing is forked");
	report_done(&report);
}
END_TEST

START_TEST(failed_import)
{
	static const char traceback[] = "Traceback (most recent call last):\n"
					"  File \"/srv/a.py\", line 1, in <module>\n"
					"\tint('x')\n"
					"ValueError: x\x1b[31m\n";
	struct report report;
	CLEANUP_FREE char *text = NULL, *shorter = NULL;

	sample_init(&report);
	ck_assert_ptr_nonnull(report_set_error(&report, "import", "ValueError", "x"));
	report.error->text = strdup(traceback);
	text = render(&report, false);
	has(text,
	    "  File \"/srv/a.py\", line 1, in <module>\n\tint('x')\nValueError: x\\x1b[31m\n");
	ck_assert_uint_eq(count(text, "ValueError"), 1);
	has(text, "The import failed, so nothing is forked.\n");
	free(report.error->text);
	report.error->text = NULL;
	sample_frame(&report.error->stack, "/srv/a.py", 1, "<module>", "os._exit(3)");
	shorter = render(&report, false);
	has(shorter, "Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in "
		     "<module>\n    os._exit(3)\nValueError: x\n");
	report_done(&report);
}
END_TEST

START_TEST(hang)
{
	struct report report;
	struct report_error *error;
	struct report_thread *thread;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	error = report_set_error(&report, "import", "timeout", "The import did not end in 300 s.");
	thread = report_add_thread(error, "MainThread", 41);
	sample_frame(&thread->stack, "/srv/a.py", 5, "wait", "event.wait()");
	ck_assert_ptr_nonnull(report_add_thread(error, "jemalloc_bg", 42));
	text = render(&report, false);
	has(text, "Thread MainThread (41):\nTraceback (most recent call last):\n"
		  "  File \"/srv/a.py\", line 5, in wait\n    event.wait()\n");
	has(text, "Thread jemalloc_bg (42): runs no Python code\n");
	has(text, "timeout: The import did not end in 300 s.\n");
	report_done(&report);
}
END_TEST

START_TEST(no_audit)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	ck_assert_ptr_nonnull(report_set_error(&report, "audit", "ptrace",
					       "ptrace is denied.\nSet kernel.yama.ptrace_scope."));
	text = render(&report, false);
	has(text, "ptrace is denied.\nSet kernel.yama.ptrace_scope.\n");
	has(text, "The audit could not run, so nothing is forked.\n");
	has_not(text, "Traceback");
	report_done(&report);
}
END_TEST

/* Nothing of the application's reaches the terminal as a command, whatever it calls its files. */
START_TEST(no_control_characters)
{
	static const char evil[] = "\x1b]0;pwned\x07\x1b[2J\r\n\b\x7f\xc2\x9b"
				   "31m\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xff";
	struct report report;
	struct finding *finding;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	free(report.name);
	report.name = strdup(evil);
	ck_assert_int_eq(strv_add(&report.target, evil), 0);
	for (int i = 0; i < 3; i++) {
		finding = sample_add(&report, "fd", i == 2 ? evil : "file", evil);
		finding->thread = strdup(evil);
		finding->syscall = strdup(evil);
		ck_assert_int_eq(strv_add(&finding->flags, evil), 0);
		sample_frame(&finding->stack, evil, 1, evil, evil);
		finding->rule = i ? NULL : strdup(evil);
		finding->hint = strdup(evil);
		sample_frame(&report_add_origin(finding, 1, evil)->stack, evil, 1, evil, evil);
	}
	ck_assert_int_eq(strv_add(&report.unused_rules, evil), 0);
	ck_assert_int_eq(report_note(&report, "%s", evil), 0);
	for (int pass = 0; pass < 2; pass++) {
		text = render(&report, false);
		for (const char *c = text; *c; c++)
			ck_assert_msg(((unsigned char)*c >= 0x20 && *c != 0x7f) || *c == '\n',
				      "%02x", (unsigned char)*c);
		has_not(text, "\xc2\x9b");
		has_not(text, "\xe2\x80\xae");
		has_not(text, "\xe2\x81\xa6");
		has_not(text, "\xe2\x80\xa8");
		has_not(text, "\xff");
		has(text, "\\x1b]0;pwned\\x07");
		free(text);
		text = NULL;
		ck_assert_ptr_nonnull(report_set_error(&report, "import", evil, evil));
		report.error->text = pass ? NULL : strdup(evil);
		ck_assert_ptr_nonnull(report_add_thread(report.error, evil, 1));
	}
	report_done(&report);
}
END_TEST

/* Without its colours the coloured text is the plain one. */
START_TEST(color)
{
	struct report report;
	CLEANUP_FREE char *plain = NULL, *colored = NULL;
	char *to;

	sample_init(&report);
	sample_log(&report);
	ck_assert_int_eq(report_judge(&report, NULL, 0, NULL), 0);
	plain = render(&report, false);
	colored = render(&report, true);
	has(colored, "\033[1m  File \"/srv/shop/log.py\", line 12, in setup\n");
	to = colored;
	for (const char *from = colored; *from;) {
		if (*from == '\033')
			from += strcspn(from, "m") + 1;
		else
			*to++ = *from++;
	}
	*to = '\0';
	ck_assert_str_eq(colored, plain);
	report_done(&report);
}
END_TEST

static const char *const no_reports[] = {
	"",
	"null",
	"[]",
	"{}",
	"{\"schema\": 1}",
	"{\"schema\": \"forkserver-audit/2\"}",
	"{\"schema\": \"forkserver-audit/1\"",
};

START_TEST(not_a_report)
{
	struct error err = { "" };

	ck_assert_ptr_null(report_text(no_reports[_i], strlen(no_reports[_i]), false, &err));
	has(err.text, "not an audit report");
}
END_TEST

/* Members that are missing or of another type are shown as unknown, not followed. */
static const char *const odd_reports[] = {
	"{\"schema\": \"forkserver-audit/1\"}",
	"{\"schema\": \"forkserver-audit/1\", \"violations\": [null, 3, {}, {\"kind\": 1, \"fd\": "
	"\"x\", \"traceback\": {\"a\": 1}, \"lineage\": [1], \"location\": []}], \"allowed\": "
	"[null], \"unused_rules\": [1], \"notes\": 3, \"target\": \"x\"}",
	"{\"schema\": \"forkserver-audit/1\", \"error\": {\"threads\": [3], \"traceback\": "
	"[null]}}",
};

START_TEST(odd_report)
{
	struct error err = { "" };
	CLEANUP_FREE char *text = report_text(odd_reports[_i], strlen(odd_reports[_i]), true, &err);

	ck_assert_msg(text, "%s", err.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/text");
	TCase *tc = tcase_create("text");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, a_violation);
	tcase_add_test(tc, hint_is_wrapped);
	tcase_add_test(tc, lineage);
	tcase_add_test(tc, the_same_place_once);
	tcase_add_test(tc, recursion_is_cut);
	tcase_add_test(tc, allowed_unused_known);
	tcase_add_test(tc, clean);
	tcase_add_test(tc, warn_only);
	tcase_add_test(tc, failed_import);
	tcase_add_test(tc, hang);
	tcase_add_test(tc, no_audit);
	tcase_add_test(tc, no_control_characters);
	tcase_add_test(tc, color);
	tcase_add_loop_test(tc, not_a_report, 0, ARRAY_LEN(no_reports));
	tcase_add_loop_test(tc, odd_report, 0, ARRAY_LEN(odd_reports));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
