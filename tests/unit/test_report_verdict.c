/* test_report_verdict.c - the summary that exit statuses are made of.
 * Runs in: make check. */
#include "report_sample.h"

#include "report/verdict.h"

#include <errno.h>
#include <stdlib.h>

static void summarize(const struct report *report, struct verdict_summary *summary)
{
	CLEANUP_FREE char *json = report_json(report);

	ck_assert_int_eq(verdict_read(summary, json, strlen(json)), 0);
}

START_TEST(summaries)
{
	struct report report;
	struct verdict_summary summary;
	struct finding *finding;

	sample_init(&report);
	summarize(&report, &summary);
	ck_assert_int_eq(summary.verdict, VERDICT_CLEAN);
	finding = sample_log(&report);
	finding->rule = strdup("file");
	sample_log(&report)->baseline = true;
	summarize(&report, &summary);
	ck_assert_int_eq(summary.verdict, VERDICT_CLEAN);
	ck_assert_uint_eq(summary.allowed, 1);
	ck_assert_uint_eq(summary.known, 1);
	sample_log(&report);
	sample_log(&report);
	summarize(&report, &summary);
	ck_assert_int_eq(summary.verdict, VERDICT_VIOLATIONS);
	ck_assert_uint_eq(summary.violations, 2);
	ck_assert_ptr_nonnull(strstr(summary.first, "fd "));
	ck_assert_ptr_nonnull(strstr(summary.first, ", from "));
	ck_assert_ptr_nonnull(report_set_error(&report, "import", "E", "m"));
	summarize(&report, &summary);
	ck_assert_int_eq(summary.verdict, VERDICT_IMPORT_FAILED);
	ck_assert_str_eq(summary.first, "E: m");
	ck_assert_ptr_nonnull(report_set_error(&report, "audit", "ptrace", "m"));
	summarize(&report, &summary);
	ck_assert_int_eq(summary.verdict, VERDICT_NO_AUDIT);
	report_done(&report);
}
END_TEST

/* Whatever is not a report must never pass for a clean one. */
static const char *const no_reports[] = {
	"",
	"{}",
	"null",
	"{\"verdict\": \"clean\"}",
	"{\"schema\": \"forkserver-audit/2\", \"verdict\": \"clean\"}",
	"{\"schema\": \"forkserver-audit/1\"}",
	"{\"schema\": \"forkserver-audit/1\", \"verdict\": \"CLEAN\"}",
	"{\"schema\": \"forkserver-audit/1\", \"verdict\": \"error\"}",
	"{\"schema\": \"forkserver-audit/1\", \"verdict\": \"clean\"",
};

START_TEST(not_a_report)
{
	struct verdict_summary summary = { .verdict = VERDICT_NO_AUDIT, .violations = 9 };

	ck_assert_int_eq(verdict_read(&summary, no_reports[_i], strlen(no_reports[_i])), -EPROTO);
	ck_assert_int_eq(summary.verdict, VERDICT_NO_AUDIT);
	ck_assert_uint_eq(summary.violations, 9);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/verdict");
	TCase *tc = tcase_create("verdict");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, summaries);
	tcase_add_loop_test(tc, not_a_report, 0, ARRAY_LEN(no_reports));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
