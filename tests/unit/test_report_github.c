/* test_report_github.c - annotations for a workflow. */
#include "report/github.h"

#include "base/error.h"
#include "base/util.h"
#include "report/document.h"
#include "report_sample.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char *made(const struct report *report)
{
	CLEANUP_FREE char *json = report_json(report);
	struct error err = { "" };
	char *text = report_github(json, strlen(json), &err);

	ck_assert_msg(text, "%s", err.text);
	return text;
}

START_TEST(violation)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;
	struct finding *finding;

	sample_init(&report);
	finding = sample_log(&report);
	finding->hint = strdup("Use delay=True,\nor: 100% of it.");
	text = made(&report);
	ck_assert_str_eq(text,
			 "::error file=/srv/shop/log.py,line=12,title=forkserver audit of shop::"
			 "file (fd 7): /var/log/shop.log%0AUse delay=True,%0Aor: 100%25 of it.\n");
	report_done(&report);
}
END_TEST

/* Names cannot end a command, or a property of it, and begin another. */
START_TEST(hostile)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;
	struct finding *finding;

	sample_init(&report);
	finding = sample_add(&report, "thread", NULL, "x\n::stop-commands::y\r\x7f");
	sample_frame(&finding->stack, "/srv/a,line=1::b%\n.py", 2, "f", NULL);
	text = made(&report);
	ck_assert_str_eq(text, "::error file=/srv/a%2Cline=1%3A%3Ab%25%0A.py,line=2,"
			       "title=forkserver audit of shop::"
			       "thread: x%0A::stop-commands::y%0D%7F%0A\n");
	report_done(&report);
}
END_TEST

START_TEST(nothing_to_say)
{
	struct report report;
	CLEANUP_FREE char *clean = NULL, *known = NULL, *allowed = NULL;
	struct finding *finding;

	sample_init(&report);
	clean = made(&report);
	ck_assert_str_eq(clean, "");
	finding = sample_log(&report);
	finding->baseline = true;
	known = made(&report);
	ck_assert_str_eq(known, "");
	finding->baseline = false;
	finding->rule = strdup("file");
	allowed = made(&report);
	ck_assert_str_eq(allowed, "");
	report_done(&report);
}
END_TEST

START_TEST(warning_without_a_place)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;

	sample_init(&report);
	report.policy = strdup("warn");
	free(report.name);
	report.name = NULL;
	sample_add(&report, "fd", "socket", "TCP");
	text = made(&report);
	ck_assert_str_eq(text, "::warning title=forkserver audit::socket: TCP%0A\n");
	report_done(&report);
}
END_TEST

START_TEST(import_error)
{
	struct report report;
	CLEANUP_FREE char *text = NULL;
	struct report_error *error;

	sample_init(&report);
	sample_log(&report);
	error = report_set_error(&report, "import", "ImportError", "no x");
	ck_assert_ptr_nonnull(error);
	sample_frame(&error->stack, "/srv/shop/wsgi.py", 3, "<module>", "import x");
	text = made(&report);
	ck_assert_str_eq(text,
			 "::error file=/srv/shop/wsgi.py,line=3,title=forkserver audit of shop::"
			 "ImportError: no x\n");
	report_done(&report);
}
END_TEST

START_TEST(no_report)
{
	static const char *const texts[] = { "", "[", "{}", "{\"schema\": \"other/1\"}", "[1]" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct error err = { "" };

		ck_assert_ptr_null(report_github(texts[i], strlen(texts[i]), &err));
		ck_assert_msg(strstr(err.text, "not an audit report: "), "%s", err.text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/github");
	TCase *tc = tcase_create("github");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, violation);
	tcase_add_test(tc, hostile);
	tcase_add_test(tc, nothing_to_say);
	tcase_add_test(tc, warning_without_a_place);
	tcase_add_test(tc, import_error);
	tcase_add_test(tc, no_report);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
