/* test_report_document.c - the report in memory, its verdict and the frame that is to blame.
 * Runs in: make check. */
#include "report_sample.h"

#include <stdio.h>
#include <stdlib.h>

START_TEST(arrays_grow)
{
	struct report report;

	sample_init(&report);
	for (int i = 0; i < 100; i++) {
		struct finding *finding = report_add_finding(&report, "fd");

		ck_assert_int_eq(finding->fd, -1);
		ck_assert_ptr_null(finding->rule);
		finding->fd = i;
		for (unsigned k = 0; k < 9; k++)
			sample_frame(&finding->stack, "a.py", k, "f", NULL);
	}
	ck_assert_uint_eq(report.nfindings, 100);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(report.findings[i].fd, i);
		ck_assert_uint_eq(report.findings[i].stack.nframes, 9);
		ck_assert_uint_eq(report.findings[i].stack.frames[8].line, 8);
	}
	report_done(&report);
	ck_assert_uint_eq(report.nfindings, 0);
	ck_assert_ptr_null(report.name);
	report_done(&report);
}
END_TEST

START_TEST(copies_are_deep)
{
	struct report report;
	struct report_stack copy;
	struct finding *finding;

	sample_init(&report);
	finding = sample_log(&report);
	ck_assert_int_eq(report_stack_copy(&copy, &finding->stack), 0);
	ck_assert_uint_eq(copy.nframes, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_str_eq(copy.frames[i].source, finding->stack.frames[i].source);
		ck_assert_ptr_ne(copy.frames[i].file, finding->stack.frames[i].file);
	}
	report_stack_done(&copy);
	report_done(&report);
}
END_TEST

START_TEST(verdicts)
{
	struct report report;
	struct finding *finding;

	sample_init(&report);
	ck_assert_str_eq(report_verdict(&report), "clean");
	finding = sample_log(&report);
	ck_assert_str_eq(report_verdict(&report), "violations");
	finding->baseline = true;
	ck_assert_str_eq(report_verdict(&report), "clean");
	finding->baseline = false;
	finding->rule = strdup("file");
	ck_assert_str_eq(report_verdict(&report), "clean");
	sample_add(&report, "thread", NULL, "Thread-1");
	ck_assert_str_eq(report_verdict(&report), "violations");
	ck_assert_ptr_nonnull(report_set_error(&report, "import", "ValueError", "no"));
	ck_assert_str_eq(report_verdict(&report), "error");
	ck_assert_ptr_nonnull(report_set_error(&report, "audit", NULL, "ptrace is denied"));
	ck_assert_str_eq(report.error->message, "ptrace is denied");
	ck_assert_ptr_null(report.error->type);
	report_done(&report);
}
END_TEST

/* Frames from outside in; the one that is the application's innermost. */
static const struct {
	const char *files[4];
	const char *blamed;
} locations[] = {
	{ { "/srv/a.py", "/srv/b.py" }, "/srv/b.py" },
	{ { "/srv/a.py", "/usr/lib/python3.11/socket.py" }, "/srv/a.py" },
	{ { "/srv/a.py", "/usr/lib/python3.11/asyncio/base.py", "<frozen os>" }, "/srv/a.py" },
	{ { "/srv/a.py", "<string>" }, "/srv/a.py" },
	{ { "/usr/lib/python3.11/site-packages/x.py", "/usr/lib/python3.11/io.py" },
	  "/usr/lib/python3.11/site-packages/x.py" },
	{ { "/usr/lib/python3.11/dist-packages/x.py" }, "/usr/lib/python3.11/dist-packages/x.py" },
	{ { "/usr/lib/python3/dist-packages/x.py", "/usr/lib/python3.11/io.py" },
	  "/usr/lib/python3/dist-packages/x.py" },
	{ { "/srv/a.py", "/srv/venv/lib/python3.11/site-packages/x.py",
	    "/usr/lib/python3.11/io.py" },
	  "/srv/a.py" },
	{ { "/srv/venv/lib/python3.11/site-packages/x.py", "/srv/a.py",
	    "/usr/lib/python3/dist-packages/y.py" },
	  "/srv/a.py" },
	{ { "/srv/venv/lib/python3.11/site-packages/x.py",
	    "/srv/venv/lib/python3.11/site-packages/y.py" },
	  "/srv/venv/lib/python3.11/site-packages/y.py" }, /* an application that is installed */
	{ { "/usr/lib/python3.110/x.py", "/usr/lib/python3.11/io.py" },
	  "/usr/lib/python3.110/x.py" },
	{ { "/usr/lib/python3.11/a.py", "/usr/lib/python3.11/b.py" },
	  "/usr/lib/python3.11/b.py" }, /* none is: the innermost of all */
	{ { NULL }, NULL },
};

START_TEST(location)
{
	struct report report;
	struct report_stack stack = { 0 };
	const struct report_frame *at;

	sample_init(&report);
	for (int i = 0; i < 4 && locations[_i].files[i]; i++)
		sample_frame(&stack, locations[_i].files[i], 1, "f", NULL);
	at = report_location(&report, &stack);
	if (locations[_i].blamed)
		ck_assert_str_eq(at->file, locations[_i].blamed);
	else
		ck_assert_ptr_null(at);
	report_stack_done(&stack);
	report_done(&report);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/document");
	TCase *tc = tcase_create("document");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, arrays_grow);
	tcase_add_test(tc, copies_are_deep);
	tcase_add_test(tc, verdicts);
	tcase_add_loop_test(tc, location, 0, ARRAY_LEN(locations));
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
