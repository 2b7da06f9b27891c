/* test_report_judge.c - rules, inline comments and the baseline decide what is a violation.
 * Runs in: make check. */
#include "report_sample.h"

#include "base/error.h"
#include "report/baseline.h"

#include <stdlib.h>

static void judge(struct report *report, const char *const *texts, size_t n,
		  struct baseline *baseline)
{
	struct rule rules[8] = { { 0 } };
	struct error err;

	for (size_t i = 0; i < n; i++)
		ck_assert_msg(rule_parse(&rules[i], texts[i], &err) == 0, "%s: %s", texts[i],
			      err.text);
	ck_assert_int_eq(report_judge(report, rules, n, baseline), 0);
	for (size_t i = 0; i < n; i++)
		rule_done(&rules[i]);
}

static const struct {
	const char *rule;
	const char *allows; /* "reopen", …; NULL: not this finding */
} rules[] = {
	{ "file", "keep" },
	{ "fd close", "close" },
	{ "file:/var/log/*.log reopen", "reopen" },
	{ "file:/var/log/*.txt", NULL },
	{ "file at log.py:12 null", "null" },
	{ "file at log.py:13", NULL },
	{ "file at setup()", "keep" },
	{ "file at wsgi.py", "keep" },
	{ "socket", NULL },
	{ "thread", NULL },
};

START_TEST(one_rule)
{
	struct report report;
	struct finding *finding;

	sample_init(&report);
	finding = sample_log(&report);
	judge(&report, &rules[_i].rule, 1, NULL);
	ck_assert_ptr_nonnull(finding->hint);
	if (rules[_i].allows) {
		ck_assert_str_eq(finding->rule, rules[_i].rule);
		ck_assert_str_eq(rule_action_name(finding->action), rules[_i].allows);
		ck_assert_uint_eq(strv_len(report.unused_rules), 0);
		ck_assert_str_eq(report_verdict(&report), "clean");
	} else {
		ck_assert_ptr_null(finding->rule);
		ck_assert_uint_eq(strv_len(report.unused_rules), 1);
		ck_assert_str_eq(report.unused_rules[0], rules[_i].rule);
		ck_assert_str_eq(report_verdict(&report), "violations");
	}
	report_done(&report);
}
END_TEST

START_TEST(the_first_rule_wins)
{
	static const char *const texts[] = { "file:/var/* null", "file close", "pipe" };
	struct report report;
	struct finding *finding;

	sample_init(&report);
	finding = sample_log(&report);
	judge(&report, texts, 3, NULL);
	ck_assert_str_eq(finding->rule, texts[0]);
	ck_assert_int_eq(finding->action, RULE_NULL);
	ck_assert_uint_eq(strv_len(report.unused_rules), 1); /* the second one would match */
	ck_assert_str_eq(report.unused_rules[0], "pipe");
	judge(&report, texts + 1, 1, NULL); /* judging again forgets the first time */
	ck_assert_int_eq(finding->action, RULE_CLOSE);
	ck_assert_uint_eq(strv_len(report.unused_rules), 0);
	report_done(&report);
}
END_TEST

/* "fd close" must not close what is no fd, nor a rule for threads excuse an fd. */
START_TEST(actions_that_are_not_possible)
{
	static const char *const texts[] = { "fd close" };
	struct report report;
	struct finding *finding;

	sample_init(&report);
	finding = sample_add(&report, "thread", NULL, "Thread-1");
	judge(&report, texts, 1, NULL);
	ck_assert_ptr_null(finding->rule);
	ck_assert_uint_eq(strv_len(report.unused_rules), 1);
	report_done(&report);
}
END_TEST

static const struct {
	const char *source;
	const char *allows;
} comments[] = {
	{ "f = open(p)  # forkserver: allow-fd", "keep" },
	{ "f = open(p)  #forkserver:allow-fd", "keep" },
	{ "f = open(p)  # noqa # forkserver: allow-fd reopen", "reopen" },
	{ "f = open(p)  # forkserver: allow-fd close # it is a cache", "close" },
	{ "f = open(p)  # forkserver: allow-fd because it is a cache", "keep" },
	{ "f = open(p)  # forkserver: allow-fds", NULL },
	{ "f = open(p)  # forkserver: allow", NULL },
	{ "f = open(p)  # myforkserver: allow-fd", NULL },
	{ "f = open('forkserver: allow-fd')", NULL },
	{ "f = open(p)", NULL },
};

START_TEST(inline_comment)
{
	struct report report;
	struct finding *finding;

	sample_init(&report);
	finding = sample_log(&report);
	free(finding->stack.frames[_i % 3].source); /* any frame counts */
	finding->stack.frames[_i % 3].source = strdup(comments[_i].source);
	judge(&report, NULL, 0, NULL);
	if (comments[_i].allows) {
		ck_assert_ptr_nonnull(finding->rule);
		ck_assert_ptr_nonnull(strstr(finding->rule, "# forkserver: allow-fd"));
		ck_assert_str_eq(rule_action_name(finding->action), comments[_i].allows);
	} else {
		ck_assert_ptr_null(finding->rule);
	}
	report_done(&report);
}
END_TEST

/* What the tracer excuses needs no rule, but a rule of the user's goes first. */
START_TEST(an_excuse_comes_last)
{
	static const char *const texts[] = { "file close" };
	struct report report;
	struct finding *finding;

	sample_init(&report);
	finding = sample_log(&report);
	finding->excuse = "built in: harmless";
	judge(&report, texts, 1, NULL);
	ck_assert_str_eq(finding->rule, texts[0]);
	ck_assert_int_eq(finding->action, RULE_CLOSE);
	judge(&report, NULL, 0, NULL);
	ck_assert_str_eq(finding->rule, finding->excuse);
	ck_assert_int_eq(finding->action, RULE_KEEP);
	ck_assert_str_eq(report_verdict(&report), "clean");
	report_done(&report);
}
END_TEST

START_TEST(inline_comment_is_for_fds)
{
	struct report report;
	struct finding *thread, *socket;

	sample_init(&report);
	thread = sample_add(&report, "thread", NULL, "Thread-1");
	sample_frame(&thread->stack, "/srv/a.py", 1, "f", "t.start()  # forkserver: allow-fd");
	socket = sample_add(&report, "fd", "socket", "TCP 127.0.0.1:1");
	sample_frame(&socket->stack, "/srv/a.py", 1, "f", "s()  # forkserver: allow-fd reopen");
	judge(&report, NULL, 0, NULL);
	ck_assert_ptr_null(report.findings[0].rule);
	ck_assert_ptr_null(report.findings[1].rule); /* a socket cannot be reopened */
	report_done(&report);
}
END_TEST

START_TEST(baseline_excuses)
{
	static const char known[] =
		"{\"schema\": \"forkserver-baseline/1\", \"violations\": [{\"kind\": \"fd\", "
		"\"type\": \"file\", \"file\": \"log.py\", \"function\": \"setup\", \"source\": "
		"\"FileHandler(path)\"}]}";
	static const char *const texts[] = { "file" };
	struct report report;
	struct baseline *baseline;
	struct error err;

	sample_init(&report);
	sample_log(&report);
	sample_log(&report);
	ck_assert_int_eq(baseline_parse(&baseline, "b", known, strlen(known), &err), 0);
	judge(&report, NULL, 0, baseline);
	ck_assert(report.findings[0].baseline);
	ck_assert(!report.findings[1].baseline); /* one known does not excuse two */
	ck_assert_str_eq(report_verdict(&report), "violations");
	baseline_free(baseline);

	ck_assert_int_eq(baseline_parse(&baseline, "b", known, strlen(known), &err), 0);
	judge(&report, texts, 1, baseline);
	ck_assert(!report.findings[0].baseline); /* rules come first */
	ck_assert_uint_eq(baseline_left(baseline), 1);
	baseline_free(baseline);
	report_done(&report);
}
END_TEST

START_TEST(a_failed_import_blames_no_rule)
{
	static const char *const texts[] = { "pipe" };
	struct report report;

	sample_init(&report);
	ck_assert_ptr_nonnull(report_set_error(&report, "import", "ValueError", "no"));
	judge(&report, texts, 1, NULL);
	ck_assert_uint_eq(strv_len(report.unused_rules), 0);
	report_done(&report);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/judge");
	TCase *tc = tcase_create("judge");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, one_rule, 0, ARRAY_LEN(rules));
	tcase_add_test(tc, the_first_rule_wins);
	tcase_add_test(tc, actions_that_are_not_possible);
	tcase_add_loop_test(tc, inline_comment, 0, ARRAY_LEN(comments));
	tcase_add_test(tc, an_excuse_comes_last);
	tcase_add_test(tc, inline_comment_is_for_fds);
	tcase_add_test(tc, baseline_excuses);
	tcase_add_test(tc, a_failed_import_blames_no_rule);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
