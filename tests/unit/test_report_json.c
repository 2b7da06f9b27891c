/* test_report_json.c - the JSON contract, "forkserver-audit/1".
 * Runs in: make check. */
#include "report_sample.h"

#include <jansson.h>
#include <stdlib.h>

/* The report as a reader sees it. */
static json_t *round_trip(const struct report *report)
{
	CLEANUP_FREE char *text = report_json(report);
	json_error_t where;
	json_t *json;

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_null(strchr(text, '\n'));
	json = json_loads(text, 0, &where);
	ck_assert_msg(json, "%s in %s", where.text, text);
	return json;
}

static const char *text_at(json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

START_TEST(every_member_is_there)
{
	static const char *const keys[] = {
		"schema",  "version",      "name",           "python",
		"cwd",     "target",       "mode",           "policy",
		"verdict", "events",       "import_seconds", "violations",
		"allowed", "unused_rules", "notes",          "error"
	};
	static const char *const of_violation[] = {
		"kind", "fd",         "type",     "target",    "flags",   "syscall", "thread",
		"pid",  "attributed", "location", "traceback", "lineage", "hint",    "baseline"
	};
	struct report report;
	json_t *json, *violation;

	sample_init(&report);
	sample_log(&report);
	json = round_trip(&report);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		ck_assert_msg(json_object_get(json, keys[i]), "%s", keys[i]);
	ck_assert_uint_eq(json_object_size(json), ARRAY_LEN(keys));
	ck_assert_str_eq(text_at(json, "schema"), "forkserver-audit/1");
	ck_assert_str_eq(text_at(json, "verdict"), "violations");
	ck_assert_str_eq(text_at(json, "policy"), "enforce");
	ck_assert(json_is_null(json_object_get(json, "error")));
	ck_assert_double_eq_tol(json_real_value(json_object_get(json, "import_seconds")), 0.612345,
				1e-9);
	violation = json_array_get(json_object_get(json, "violations"), 0);
	for (size_t i = 0; i < ARRAY_LEN(of_violation); i++)
		ck_assert_msg(json_object_get(violation, of_violation[i]), "%s", of_violation[i]);
	ck_assert_uint_eq(json_object_size(violation), ARRAY_LEN(of_violation));
	json_decref(json);
	report_done(&report);
}
END_TEST

START_TEST(a_violation)
{
	struct report report;
	json_t *json, *violation, *frames, *frame, *origin;
	struct report_origin *lineage;
	struct finding *finding;

	sample_init(&report);
	finding = sample_log(&report);
	lineage = report_add_origin(finding, 5, "open");
	sample_frame(&lineage->stack, "/srv/shop/first.py", 9, "g", NULL);
	json = round_trip(&report);
	violation = json_array_get(json_object_get(json, "violations"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(violation, "fd")), 7);
	ck_assert(json_is_null(json_object_get(violation, "pid")));
	ck_assert(json_is_true(json_object_get(violation, "attributed")));
	ck_assert_str_eq(text_at(json_object_get(violation, "location"), "file"),
			 "/srv/shop/log.py");
	frames = json_object_get(violation, "traceback");
	ck_assert_uint_eq(json_array_size(frames), 3);
	frame = json_array_get(frames, 0); /* oldest first */
	ck_assert_str_eq(text_at(frame, "file"), "/srv/shop/wsgi.py");
	ck_assert_int_eq(json_integer_value(json_object_get(frame, "line")), 3);
	origin = json_array_get(json_object_get(violation, "lineage"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(origin, "fd")), 5);
	frame = json_array_get(json_object_get(origin, "traceback"), 0);
	ck_assert(json_is_null(json_object_get(frame, "source")));
	json_decref(json);
	report_done(&report);
}
END_TEST

START_TEST(allowed_ones_are_apart)
{
	struct report report;
	json_t *json, *allowed;
	struct finding *finding;

	sample_init(&report);
	finding = sample_log(&report);
	finding->rule = strdup("file reopen");
	finding->action = RULE_REOPEN;
	json = round_trip(&report);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "violations")), 0);
	allowed = json_array_get(json_object_get(json, "allowed"), 0);
	ck_assert_str_eq(text_at(allowed, "rule"), "file reopen");
	ck_assert_str_eq(text_at(allowed, "action"), "reopen");
	ck_assert_str_eq(text_at(json, "verdict"), "clean");
	json_decref(json);
	report_done(&report);
}
END_TEST

START_TEST(bytes_that_are_not_utf8)
{
	struct report report;
	json_t *json, *violation;
	struct finding *finding;

	sample_init(&report);
	finding = sample_add(&report, "fd", "file", "/srv/caf\xe9/\"\\\x01\n\xc3\xa9");
	sample_frame(&finding->stack, "/srv/\xff.py", 0, "f\xed\xb2\x80", "x = '\x1b'");
	json = round_trip(&report);
	violation = json_array_get(json_object_get(json, "violations"), 0);
	ck_assert_str_eq(text_at(violation, "target"), "/srv/caf\\xe9/\"\\\x01\n\xc3\xa9");
	ck_assert_str_eq(text_at(json_object_get(violation, "location"), "file"), "/srv/\\xff.py");
	ck_assert_str_eq(text_at(json_object_get(violation, "location"), "function"),
			 "f\\xed\\xb2\\x80");
	ck_assert(json_is_null(json_object_get(json_object_get(violation, "location"), "line")));
	json_decref(json);
	report_done(&report);
}
END_TEST

START_TEST(an_error)
{
	struct report report;
	struct report_error *error;
	struct report_thread *thread;
	json_t *json, *of_json, *threads;

	sample_init(&report);
	error = report_set_error(&report, "import", "timeout", "still importing after 300 s");
	ck_assert_ptr_nonnull(error);
	for (int i = 0; i < 3; i++) {
		thread = report_add_thread(error, i ? "Thread-1" : "MainThread", 100 + i);
		sample_frame(&thread->stack, "/srv/a.py", 5, "wait", "event.wait()");
	}
	json = round_trip(&report);
	of_json = json_object_get(json, "error");
	ck_assert_str_eq(text_at(json, "verdict"), "error");
	ck_assert_str_eq(text_at(of_json, "kind"), "import");
	ck_assert(json_is_null(json_object_get(of_json, "text")));
	threads = json_object_get(of_json, "threads");
	ck_assert_uint_eq(json_array_size(threads), 3);
	ck_assert_str_eq(text_at(json_array_get(threads, 0), "name"), "MainThread");
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(threads, 2), "tid")),
			 102);
	json_decref(json);
	report_done(&report);
}
END_TEST

START_TEST(an_empty_report)
{
	struct report report;
	json_t *json;

	report_init(&report);
	json = round_trip(&report);
	ck_assert(json_is_null(json_object_get(json, "python")));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "target")), 0);
	ck_assert_str_eq(text_at(json, "verdict"), "clean");
	json_decref(json);
	report_done(&report);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report/json");
	TCase *tc = tcase_create("json");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, every_member_is_there);
	tcase_add_test(tc, a_violation);
	tcase_add_test(tc, allowed_ones_are_apart);
	tcase_add_test(tc, bytes_that_are_not_utf8);
	tcase_add_test(tc, an_error);
	tcase_add_test(tc, an_empty_report);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
