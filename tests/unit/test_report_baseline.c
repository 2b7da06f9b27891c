/* test_report_baseline.c - known violations: reading, matching, writing.
 * Runs in: make check. */
#include "report_sample.h"

#include "base/error.h"
#include "report/baseline.h"

#include <stdlib.h>

#define HEAD "{\"schema\": \"forkserver-baseline/1\", \"violations\": ["

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "known.json:1:0: not valid JSON" },
	{ "{\n  \"schema\": ,\n}", "known.json:2:" },
	{ "[]", "not a baseline" },
	{ "{\"schema\": \"forkserver-baseline/2\"}", "\"schema\" is \"forkserver-baseline/2\"" },
	{ "{\"schema\": \"forkserver-audit/1\"}", "this is a report; use --write-baseline" },
	{ "{\"schema\": \"forkserver-baseline/1\"}", "\"violations\" must be an array" },
	{ HEAD "3]}", "violations[0] is not an object" },
	{ HEAD "{\"kind\": \"fd\", \"file\": \"a\"}, {\"file\": \"a\"}]}",
	  "violations[1]: \"kind\" is missing" },
	{ HEAD "{\"kind\": \"fd\", \"file\": 3}]}", "\"file\" must be a string or null" },
	{ HEAD "{\"kind\": \"fd\"}]}", "needs \"file\" or \"target\"" },
};

START_TEST(errors_are_clear)
{
	struct baseline *baseline = NULL;
	struct error err = { "" };

	ck_assert_int_eq(
		baseline_parse(&baseline, "known.json", bad[_i].text, strlen(bad[_i].text), &err),
		-1);
	ck_assert_ptr_null(baseline);
	ck_assert_msg(strstr(err.text, bad[_i].says), "%s", err.text);
	ck_assert_msg(strstr(err.text, "known.json"), "%s", err.text);
}
END_TEST

static const char located[] = HEAD "{\"kind\": \"fd\", \"type\": \"file\", \"file\": \"app/a.py\", "
				   "\"function\": \"f\", \"source\": \"open(p)\", \"target\": "
				   "\"/tmp/1\"}]}";
static const char packaged[] = HEAD "{\"kind\": \"fd\", \"type\": \"file\", \"file\": "
				    "\"site-packages/x/y.py\", \"function\": \"f\", \"source\": "
				    "null}]}";
static const char unlocated[] = HEAD "{\"kind\": \"fd\", \"type\": \"socket\", \"target\": "
				     "\"TCP 127.0.0.1:53710 -> 10.0.0.1:5432\"}]}";

static const char process[] = HEAD "{\"kind\": \"process\", \"type\": \"running\", \"file\": "
				   "\"app/a.py\", \"function\": \"f\"}]}";

#define AT(file, function, source)                                                                 \
	{                                                                                          \
		"fd", "file", file, function, source, "/tmp/77"                                    \
	}

static const struct {
	const char *text;
	struct baseline_key key;
	bool known;
} matching[] = {
	{ located, AT("/srv/app/a.py", "f", "open(p)"), true },
	{ located, AT("app/a.py", "f", "open(p)"), true },
	{ located, AT("./app/a.py", "f", "open(p)"), true },
	{ located, AT("/srv/app/a.py", "f", NULL), true },
	{ located, AT("/srv/app/a.py", "g", "open(p)"), false },
	{ located, AT("/srv/app/a.py", "f", "open(q)"), false },
	{ located, AT("/srv/app/b.py", "f", "open(p)"), false },
	{ located, AT("/other/app/a.py", "f", "open(p)"), false },
	{ located, { "fd", "pipe", "/srv/app/a.py", "f", "open(p)", NULL }, false },
	{ located, { "lock", "file", "/srv/app/a.py", "f", "open(p)", NULL }, false },
	{ located, { "fd", "file", NULL, NULL, NULL, "/tmp/1" }, false },
	{ process, { "process", "zombie", "/srv/app/a.py", "f", "x", "true" }, true },
	{ packaged, AT("/srv/venv/lib/python3.11/site-packages/x/y.py", "f", "x"), true },
	{ packaged, AT("/home/me/venv/lib/python3.12/site-packages/x/y.py", "f", NULL), true },
	{ packaged, AT("/srv/x/y.py", "f", NULL), false },
	{ unlocated,
	  { "fd", "socket", NULL, NULL, NULL, "TCP 127.0.0.1:60000 -> 10.0.0.1:5432" },
	  true },
	{ unlocated, { "fd", "socket", NULL, NULL, NULL, "TCP 127.0.0.1:1 LISTEN" }, false },
	{ unlocated, { "fd", "socket", NULL, NULL, NULL, NULL }, false },
	{ unlocated,
	  { "fd", "socket", "/srv/a.py", "f", "x", "TCP 127.0.0.1:53710 -> 10.0.0.1:5432" },
	  false },
};

START_TEST(matches)
{
	struct baseline *baseline;
	struct error err = { "" };
	const char *text = matching[_i].text;

	ck_assert_msg(baseline_parse(&baseline, "b", text, strlen(text), &err) == 0, "%s",
		      err.text);
	ck_assert_int_eq(baseline_take(baseline, &matching[_i].key, "/srv"), matching[_i].known);
	ck_assert_uint_eq(baseline_left(baseline), !matching[_i].known);
	ck_assert(!baseline_take(baseline, &matching[_i].key, "/srv")); /* used up */
	baseline_free(baseline);
}
END_TEST

/* What is written excuses exactly what was found, bytes that are not UTF-8 and all, even when the
 * code has moved and another machine runs it. */
START_TEST(written_and_read_again)
{
	struct report report;
	struct finding *finding;
	struct baseline *baseline;
	struct error err = { "" };
	CLEANUP_FREE char *json = NULL, *text = NULL;
	const char *reports[1];

	sample_init(&report);
	sample_log(&report);
	finding = sample_add(&report, "fd", "file", "/tmp/\xff");
	sample_frame(&finding->stack, "/srv/shop/\xfe.py", 4, "f\xed\xb2\x80", "open('\\xff')");
	sample_add(&report, "fd", "anon_inode", "anon_inode:[\xe9]");
	reports[0] = json = report_json(&report);
	text = baseline_write(reports, 1, &err);
	ck_assert_msg(text, "%s", err.text);
	ck_assert_msg(baseline_parse(&baseline, "b", text, strlen(text), &err) == 0, "%s",
		      err.text);
	ck_assert_uint_eq(baseline_left(baseline), 3);

	report.findings[0].stack.frames[1].line = 99;
	free(report.findings[0].stack.frames[1].file);
	report.findings[0].stack.frames[1].file = strdup("/elsewhere/log.py");
	free(report.findings[1].stack.frames[0].file);
	report.findings[1].stack.frames[0].file = strdup("/elsewhere/\xfe.py");
	free(report.cwd);
	report.cwd = strdup("/elsewhere");
	ck_assert_int_eq(report_judge(&report, NULL, 0, baseline), 0);
	ck_assert_str_eq(report_verdict(&report), "clean");
	ck_assert_uint_eq(baseline_left(baseline), 0);
	baseline_free(baseline);
	report_done(&report);
}
END_TEST

START_TEST(writing_is_stable)
{
	struct report report;
	struct error err = { "" };
	CLEANUP_FREE char *json = NULL, *twice = NULL, *again = NULL, *none = NULL;
	const char *reports[2], *broken[1] = { "{}" };

	sample_init(&report);
	sample_add(&report, "thread", NULL, "b");
	sample_add(&report, "fd", "pipe", "a");
	json = report_json(&report);
	reports[0] = reports[1] = json;
	twice = baseline_write(reports, 2, &err);
	again = baseline_write(reports, 2, &err);
	ck_assert_str_eq(twice, again);
	ck_assert(strstr(twice, "\"pipe\"") < strstr(twice, "\"thread\""));
	none = baseline_write(reports, 0, &err);
	ck_assert_str_eq(none, "{\"schema\": \"forkserver-baseline/1\",\n \"violations\": []}\n");
	ck_assert_ptr_null(baseline_write(broken, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "violations"));
	report_done(&report);
}
END_TEST

/* Neither a kind nor a place: an entry for it would be refused, and all others with it. */
START_TEST(what_cannot_be_known_is_left_out)
{
	static const char *const reports[] = {
		"{\"violations\": [null, {\"kind\": 1, \"target\": \"a\"}, {\"kind\": \"fd\"}, "
		"{\"kind\": \"fd\", \"target\": \"b\"}]}",
	};
	struct error err = { "" };
	CLEANUP_FREE char *text = baseline_write(reports, 1, &err);
	struct baseline *baseline;

	ck_assert_msg(text, "%s", err.text);
	ck_assert_msg(baseline_parse(&baseline, "b", text, strlen(text), &err) == 0, "%s",
		      err.text);
	ck_assert_uint_eq(baseline_left(baseline), 1);
	baseline_free(baseline);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/baseline");
	TCase *tc = tcase_create("baseline");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, errors_are_clear, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tc, matches, 0, ARRAY_LEN(matching));
	tcase_add_test(tc, written_and_read_again);
	tcase_add_test(tc, writing_is_stable);
	tcase_add_test(tc, what_cannot_be_known_is_left_out);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
